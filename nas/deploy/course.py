"""The contract between a training in full and a task: who has an evaluator of such a kind can train its winner.

`nas.deploy.training` knows steps, averages, checkpoints and curves; what a step is, the task alone knows.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor, nn

from nas.processes.team import ALONE, Team

Precision = Literal["float32", "bfloat16"]
Wants = Literal["unit", "imagenet"]
Gives = Literal["log-disparity", "disparity", "depth"]
"""What a teacher of the user's own is given, and what it answers; see `nas.deploy.onnx_teacher`."""
Facts = Mapping[str, str | int | float | bool | None]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Terms:
    """How a network is to be trained.

    Attributes:
      steps: optimiser steps.
      usual_steps: of the trainings that the task's own learning rate was chosen for.
      seed: of the order, the augmentation and dropout.
      device: torch's name of it.
      peak_lr: the highest learning rate; None for the task's own.
      precision: None for the task's own.
      augment: whether pictures are changed more strongly than in a search.
      teacher: a trained network of the same task, on `device`, whose outputs are learned as well; None for none.
      team: of which this process is a member: it makes its part of every step (`nas.processes.team`). Batch norms have
        been replaced by ones that see the whole batch (`nas.deploy.batch_norm`).
    """

    steps: int
    usual_steps: int
    seed: int
    device: str = "cpu"
    peak_lr: float | None = None
    precision: Precision | None = None
    augment: bool = True
    teacher: nn.Module | None = None
    team: Team = ALONE


@runtime_checkable
class Course(Protocol):
    """One network in training."""

    @property
    def module(self) -> nn.Module: ...

    @property
    def optimiser(self) -> torch.optim.Optimizer: ...

    @property
    def facts(self) -> Facts:
        """All that the steps depend on besides the network, the terms' seed and the data; "peak_lr" is one of it."""
        ...

    def step(self, step: int) -> float:
        """Make step number `step`, from 0, and return its loss; one that is not finite leaves the weights as they were.

        A function of the module's and the optimiser's state and of (seed, step) alone.
        """
        ...

    def validate(self, module: nn.Module) -> Mapping[str, float]:
        """Metrics of a network on validation data; its training mode stays what it was.

        One that is not finite says that the network has diverged.
        """
        ...


@runtime_checkable
class Trainable(Protocol):
    """Optional protocol of an evaluator whose networks can be trained in full, quantised and exported."""

    def course(self, module: nn.Module, terms: Terms) -> Course: ...

    def inputs(self, number: int) -> Iterator[Float[Tensor, "b *input"]]:
        """Batches of at most so many training inputs in all, unchanged, always the same."""
        ...

    def test(self, module: nn.Module) -> Mapping[str, float]:
        """Metrics on data that neither search nor training has seen."""
        ...
