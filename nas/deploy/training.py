"""A training in full: steps, the average of the weights, the learning curve, and a checkpoint to go on from.

One that is killed goes on from its checkpoint and ends with what it would have given: steps depend on (seed, step)
alone, and all else that they depend on is in the checkpoint. On a GPU that is so as far as the GPU repeats itself.

A team makes the steps together (`nas.processes.team`); its first member alone scores, keeps and tells. The checkpoint
does not say how many they were: another team goes on from it, up to rounding.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn

from nas.deploy.average import Average, average_of, is_finite
from nas.deploy.checkpoint import State, Store, packed, unpacked
from nas.deploy.course import Course
from nas.deploy.curve import Row
from nas.processes.team import ALONE, Team

NUM_ROWS = 20
KEEP_EVERY_S = 60.0
AVERAGE_SHARE = 0.02  # of the steps, as the window of the average


class Diverged(ValueError):
    """A training whose numbers are finite no more; `step` counts from 0, `kept` is how many steps a checkpoint has."""

    def __init__(self, step: int, peak_lr: float, kept: int) -> None:
        since = f"the last good checkpoint, after {kept} steps, is kept" if kept else "no step before it was kept"
        super().__init__(
            f"loss, weights and predictions must stay finite, and did not at step {step} under a learning rate that "
            f"peaks at {peak_lr:g}; {since}: the same command with a lower --lr, such as {0.3 * peak_lr:.1g}, goes on "
            "from there"
        )
        self.step, self.peak_lr, self.kept = step, peak_lr, kept


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trained:
    """A training that has ended: the network to ship, in evaluation mode, and its curve. `resumed_at` is a step.

    Of a team, the first member alone has the curve.
    """

    module: nn.Module
    rows: tuple[Row, ...]
    resumed_at: int


def train_in_full(
    course: Course,
    steps: int,
    *,
    checkpoint: Store,
    key: str,
    on_step: Callable[[int, float], None] = lambda done, loss: None,
    on_row: Callable[[tuple[Row, ...]], None] = lambda rows: None,
    averaged: bool = True,
    keep_every_s: float = KEEP_EVERY_S,
    team: Team = ALONE,
) -> Trained:
    """Carry a course out to its end, from its checkpoint if there is one.

    Args:
      checkpoint: keeps the state; written every `keep_every_s` seconds and with each row.
      key: of the training; a checkpoint of another is refused.
      on_step: told how many steps are done, and the loss of the last.
      on_row: told all rows so far, whenever there is a new one.
      averaged: whether the average is shipped, or the last step's weights.
      team: of which this process is a member; all of them call this with the same arguments.

    Raises:
      Diverged: the loss, the weights or a metric became NaN or infinite.
      CheckpointError: the checkpoint is damaged or another training's.
      NoRoomError: the disk is full.
    """
    device = next(course.module.parameters()).device
    run = _Run(
        course=course,
        steps=steps,
        every=max(1, -(-steps // NUM_ROWS)),
        average=average_of(course.module, max(2, round(AVERAGE_SHARE * steps))) if averaged else None,
        checkpoint=checkpoint,
        key=key,
        on_row=on_row,
        keep_every_s=keep_every_s,
        team=team,
    )
    first = run.restore(device)
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        for step in range(first, steps):
            on_step(step + 1, run.advance(step))
    return Trained(module=run.shipped.eval(), rows=tuple(run.rows), resumed_at=first)


class _Run:
    """What changes from step to step."""

    def __init__(
        self,
        *,
        course: Course,
        steps: int,
        every: int,
        average: Average | None,
        checkpoint: Store,
        key: str,
        on_row: Callable[[tuple[Row, ...]], None],
        keep_every_s: float,
        team: Team,
    ) -> None:
        self._course, self._steps, self._every, self._average = course, steps, every, average
        self._checkpoint, self._key, self._on_row, self._keep_every_s = checkpoint, key, on_row, keep_every_s
        self._team, self._kept_steps, self._kept_at = team, 0, time.monotonic()
        self._losses: list[float] = []
        self.rows: list[Row] = []

    @property
    def _is_first(self) -> bool:
        return self._team.rank == 0

    @property
    def shipped(self) -> nn.Module:
        return self._average.module if self._average else self._course.module

    def restore(self, device: torch.device) -> int:
        """How many steps have been made; without a checkpoint none, and the network as it is makes the first row."""
        content = self._team.agree(self._checkpoint.read() if self._is_first else None)
        if content is None:
            self._add_row(0)
            return 0
        state = unpacked(content, self._key, device, self._checkpoint.name)
        self._course.module.load_state_dict(state.module)
        self._course.optimiser.load_state_dict(dict(state.optimiser))
        if self._average is not None and state.average is not None:
            self._average.module.load_state_dict(state.average)
        self.rows, self._losses, self._kept_steps = list(state.rows), list(state.losses), state.step
        if self._is_first:
            self._on_row(state.rows)
        return state.step

    def advance(self, step: int) -> float:
        """Make a step, and what is due after it."""
        loss = self._course.step(step)
        if not math.isfinite(loss):
            raise self._diverged(step)
        self._losses.append(loss)
        if self._average is not None:
            self._average.update(self._course.module, step)
        is_row = (step + 1) % self._every == 0 or step + 1 == self._steps
        if not self._is_first:
            return loss
        if is_row or time.monotonic() - self._kept_at >= self._keep_every_s:
            if not is_finite(self._course.module.state_dict()):
                raise self._diverged(step)
            if is_row:
                self._add_row(step + 1)
            self._keep(step + 1)
        return loss

    def _add_row(self, done: int) -> None:
        if not self._is_first:
            return
        loss = sum(self._losses) / len(self._losses) if self._losses else None
        rate = float(self._course.optimiser.param_groups[0]["lr"]) if self._losses else None
        metrics = self._course.validate(self.shipped)
        if not all(map(math.isfinite, metrics.values())):  # large weights are finite when what they give no longer is
            raise self._diverged(max(0, done - 1))
        self.rows.append(Row(step=done, loss=loss, learning_rate=rate, metrics=dict(metrics)))
        self._losses = []
        self._on_row(tuple(self.rows))

    def _keep(self, done: int) -> None:
        state = State(
            step=done,
            module=self._course.module.state_dict(),
            optimiser=self._course.optimiser.state_dict(),
            average=None if self._average is None else self._average.module.state_dict(),
            rows=tuple(self.rows),
            losses=tuple(self._losses),
        )
        self._checkpoint.write(packed(state, self._key))
        self._kept_steps, self._kept_at = done, time.monotonic()

    def _diverged(self, step: int) -> Diverged:
        return Diverged(step, float(self._course.facts["peak_lr"] or 0), self._kept_steps)
