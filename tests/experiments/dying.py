"""The search of `learning`, whose second worker is killed once while the winner is trained in full.

To be copied elsewhere first: beside its file it keeps that it has happened.
"""

import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path

import torch
from torch import nn

from launch.experiment import Experiment, Workplace
from nas.deploy.course import Course, Facts, Terms
from nas.evaluators.depth import DepthEvaluator
from tests.experiments import learning

KILLED = Path(__file__).with_name("killed")
STEP = 6


def experiment() -> Experiment:
    return replace(learning.experiment(), name="dying", make_evaluator=make_evaluator)


def make_evaluator(place: Workplace) -> DepthEvaluator:
    whole = learning.make_evaluator(place)
    return Dying(**{field.name: getattr(whole, field.name) for field in fields(whole)})


@dataclass(frozen=True, kw_only=True, eq=False)
class Dying(DepthEvaluator):
    def course(self, module: nn.Module, terms: Terms) -> Course:
        return DyingCourse(inner=DepthEvaluator.course(self, module, terms), rank=terms.team.rank)


@dataclass(frozen=True, kw_only=True, eq=False)
class DyingCourse:
    inner: Course
    rank: int

    @property
    def module(self) -> nn.Module:
        return self.inner.module

    @property
    def optimiser(self) -> torch.optim.Optimizer:
        return self.inner.optimiser

    @property
    def facts(self) -> Facts:
        return self.inner.facts

    def step(self, step: int) -> float:
        if step == STEP and self.rank == 1 and not KILLED.exists():
            KILLED.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return self.inner.step(step)

    def validate(self, module: nn.Module) -> Mapping[str, float]:
        return self.inner.validate(module)
