"""Comparison of strategies: the loss curves of each over its seeds, ranks, and ratios to the best peer."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from launch.bench.comparison.measure import (
    Estimate,
    estimate,
    estimates,
    front_share,
    full_trainings,
    judge_curve,
    loss_curve,
    rank,
    reached,
)
from launch.bench.question import Arena
from launch.bench.replay import Course, Replay, is_peer

MILESTONES = (25, 50, 100, 200)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One strategy's result.

    Attributes:
      losses: regret, or missing share of the hypervolume, by seed and training.
      curve: of the losses, mean, low and high after each training.
      judge: the judge's mean regret, low and high after each training; None without a judge.
      rank: of the best trained; None for several objectives.
      front_share: of the true front's points that were trained; None for one objective.
      proposal_ms: the strategy's own time per proposal, in ms of one core.
      virtual_s: when the last training ended on the virtual clock.
      num_failed: full trainings that failed, per seed.
      num_short: seeds whose run ended before its budget, because nothing was left to propose.
    """

    name: str
    losses: Float[np.ndarray, "K T"]
    curve: Float[np.ndarray, "3 T"]
    judge: Float[np.ndarray, "3 T"] | None
    rank: Estimate | None
    front_share: Estimate | None
    proposal_ms: float
    virtual_s: float
    num_failed: float
    num_short: int

    @property
    def final(self) -> float:
        return float(self.curve[0, -1])

    def at(self, num_trained: int) -> Estimate:
        """The loss after so many trainings."""
        mean, low, high = self.curve[:, num_trained - 1].tolist()
        return Estimate(mean=mean, low=low, high=high)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The results of all strategies on one arena."""

    arena: Arena
    course: Course
    seeds: int
    standings: tuple[Standing, ...]

    @property
    def milestones(self) -> tuple[int, ...]:
        """The numbers of trainings to report, the last one among them."""
        inside = [milestone for milestone in MILESTONES if milestone < self.course.num_trials]
        return (*inside, self.course.num_trials)

    @property
    def best_peer(self) -> Standing | None:
        """The peer whose mean loss is least in the end, the earlier one of equals; None without peers."""
        peers = [standing for standing in self.standings if is_peer(standing.name)]
        return min(peers, key=lambda standing: standing.final, default=None)

    def reached(self, standing: Standing) -> int | None:
        """Trainings that a strategy's mean needs to be as good as the best peer's in the end."""
        peer = self.best_peer
        return None if peer is None else reached(standing.curve[0], peer.final)


def compare(arena: Arena, course: Course, replays: Sequence[Replay]) -> Comparison:
    """Group replays by strategy, in the order in which strategies first come."""
    by_name: dict[str, list[Replay]] = {}
    for one in replays:
        by_name.setdefault(one.strategy, []).append(one)
    return Comparison(
        arena=arena,
        course=course,
        seeds=max(map(len, by_name.values())),
        standings=tuple(_standing(arena, course, name, runs) for name, runs in by_name.items()),
    )


def ratio(
    ours: Float[np.ndarray, " K"], theirs: Float[np.ndarray, " J"], rng: np.random.Generator, *, resamples: int = 2000
) -> Estimate:
    """Mean of `ours` over mean of `theirs`, with its 95 % bootstrap interval; 0 / 0 is 1, more over 0 is infinite.

    The seeds of each are resampled by themselves: the same seed draws different things in different strategies.
    """

    def of(a: Float[np.ndarray, " r"], b: Float[np.ndarray, " r"]) -> Float[np.ndarray, " r"]:
        return np.where(b > 0, a / np.where(b > 0, b, 1), np.where(a > 0, np.inf, 1.0))

    draws = of(
        ours[rng.integers(len(ours), size=(resamples, len(ours)))].mean(axis=1),
        theirs[rng.integers(len(theirs), size=(resamples, len(theirs)))].mean(axis=1),
    )
    mean = of(np.array([ours.mean()]), np.array([theirs.mean()]))[0]
    low, high = np.quantile(draws, [0.025, 0.975], method="nearest")  # one that interpolates makes NaN of infinities
    return Estimate(mean=float(mean), low=float(low), high=float(high))


def _standing(arena: Arena, course: Course, name: str, runs: Sequence[Replay]) -> Standing:
    losses = np.stack([loss_curve(arena, run, course.num_trials) for run in runs])
    alone = len(arena.objectives) == 1
    judged = arena.judged is not None and alone
    failed = np.isnan(arena.values).any(axis=1)
    return Standing(
        name=name,
        losses=losses,
        curve=estimates(losses),
        judge=estimates(np.stack([judge_curve(arena, run, course.num_trials) for run in runs])) if judged else None,
        rank=estimate(np.array([float(rank(arena, run)) for run in runs])) if alone else None,
        front_share=None if alone else estimate(np.array([front_share(arena, run) for run in runs])),
        proposal_ms=float(np.mean([run.proposal_ms for run in runs])),
        virtual_s=float(np.mean([run.ended_s[-1] for run in runs])),
        num_failed=float(np.mean([failed[full_trainings(arena, run, 1)[0]].sum() for run in runs])),
        num_short=sum(sum(run.costs) < course.num_trials * arena.full for run in runs),
    )
