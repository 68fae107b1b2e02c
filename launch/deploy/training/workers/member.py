"""What every worker does: its part of each step. The first one also tells the driver how it goes."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import ray
import ray.train
import ray.train.torch
import torch
from torch import nn

from launch.deploy.training.outcome import outcome_of
from launch.deploy.training.pace import paced
from launch.deploy.training.workers.mailbox import Curve, Done, Ended, Failed, Kept, Message, Proposal
from nas.deploy.batch_norm import synchronised
from nas.deploy.course import Terms, Trainable
from nas.deploy.training import Diverged, train_in_full
from nas.processes.team import Team

TELL_EVERY_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Work:
    """What all workers are given.

    Attributes:
      module: the network before its first step, on the CPU, as is `terms.teacher`.
      terms: those of one process; device and team are each worker's own.
      hours: that the steps shall fill; None where `terms` say how many they are.
      threads: of each worker, on a CPU.
    """

    task: Trainable
    module: nn.Module
    terms: Terms
    hours: float | None
    threads: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What Ray Train hands to `member`: where the work lies, and the mailbox."""

    work: Any
    mailbox: Any

    def tell(self, message: Message) -> None:
        ray.get(self.mailbox.send.remote(message))


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverStore:
    """Keeps a training's state with the driver; see `nas.deploy.checkpoint.Store`."""

    place: Place

    @property
    def name(self) -> str:
        return "the checkpoint"

    def read(self) -> bytes | None:
        content: bytes | None = ray.get(self.place.mailbox.state.remote())
        return content

    def write(self, content: bytes) -> None:
        self.place.tell(Kept(content=content))


def member(place: dict[str, Any]) -> None:
    """A worker's function, in the process group that Ray Train has opened. `place` has the fields of `Place`.

    A `ValueError` is a mistake that another attempt would meet again: the driver is told, and ends the training.
    Whatever else happens, Ray Train begins another attempt.
    """
    here = Place(**place)
    try:
        _, work = ray.get(here.work)
        _train(here, work)
    except ValueError as error:
        here.tell(Failed(reason=str(error), diverged_at=error.step if isinstance(error, Diverged) else None))
        raise


def _train(place: Place, work: Work) -> None:
    torch.set_num_threads(work.threads)
    context = ray.train.get_context()
    team = Team(rank=context.get_world_rank(), size=context.get_world_size())
    device = str(ray.train.torch.get_device())
    module = synchronised(work.module, team)
    terms = replace(work.terms, device=device, team=team, teacher=work.terms.teacher and work.terms.teacher.to(device))
    step_s = None
    if work.hours is not None:
        terms, step_s = paced(terms, work.hours, work.task, module)
    course = work.task.course(module, terms)
    proposal = Proposal(steps=terms.steps, facts=dict(course.facts), step_s=step_s)
    key = team.agree(ray.get(place.mailbox.propose.remote(proposal)) if team.rank == 0 else "")
    trained = train_in_full(
        course,
        terms.steps,
        checkpoint=DriverStore(place=place),
        key=key,
        on_step=_now_and_then(place) if team.rank == 0 else lambda done, loss: None,
        on_row=lambda rows: place.tell(Curve(rows=rows)),
        team=team,
    )
    if team.rank == 0:
        place.tell(Ended(outcome=outcome_of(work.task, trained, device)))


def _now_and_then(place: Place) -> Callable[[int, float], None]:
    """Tells how many steps are done, not oftener than somebody looks."""
    latest = -TELL_EVERY_S

    def tell(done: int, loss: float) -> None:
        nonlocal latest
        if time.monotonic() - latest >= TELL_EVERY_S:
            latest = time.monotonic()
            place.mailbox.send.remote(Done(steps=done, loss=loss))

    return tell
