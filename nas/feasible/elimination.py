"""Variable elimination on a cost that is a sum of small tables: exact minima and counts, one table at a time.

The least cost of a space and the number of architectures at each cost are both answered by one running message over
the frontier: the decisions that factors already applied and factors still to come both mention. Applying a factor
brings its decisions in; a decision that no later factor mentions is settled on the spot, by a minimum or by a sum. The
order of the factors keeps the frontier small; on a ladder such as a U-Net it holds two widths. No order helps a space
whose choices all hang together: then the message would be too large, and `EntangledError` says so.

    scope      decisions of a factor, in the order of its axes
    message    Float[options of the frontier..., cells...]
    shifts     Int[options of the scope..., k], cells by which a combination moves a histogram along each of k costs

Source: Dechter 1999, "Bucket elimination"; Kinnersley 1992 for the frontier (vertex separation is path-width).
"""

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, Int8

from nas.costs import Factor
from nas.space import Architecture
from nas.space.variants import EntangledError

MAX_CELLS = 2**26  # of one message: half a gigabyte
NUM_STARTS = 32  # first factors that the planner tries
TRACE_CHUNK = 4096  # architectures traced back at a time


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Apply the factor at position `factor`, then settle the decisions in `gone` (all of them are in its scope)."""

    factor: int
    scope: tuple[int, ...]
    before: tuple[int, ...]
    after: tuple[int, ...]

    @property
    def gone(self) -> tuple[int, ...]:
        return tuple(i for i in sorted({*self.before, *self.scope}) if i not in self.after)

    @property
    def joint(self) -> tuple[int, ...]:
        """All decisions that the step looks at."""
        return tuple(sorted({*self.before, *self.scope}))


def plan(num_options: Int[np.ndarray, " d"], scopes: Sequence[tuple[int, ...]], *, cells: int = 1) -> tuple[Step, ...]:
    """Choose an elimination order with a small frontier: greedy from several first factors, the cheapest kept.

    Args:
      cells: how many numbers the message holds for each state of the frontier.

    Raises:
      EntangledError: in the best order found, a message or a step would hold more than `MAX_CELLS` numbers.
    """
    sizes = [int(n) for n in num_options]
    starts = range(0, len(scopes), max(1, len(scopes) // NUM_STARTS))
    plans = [_greedy(sizes, scopes, start) for start in starts]
    best = min(plans, key=lambda steps: sum(_states(sizes, step.joint) for step in steps), default=())
    for step in best:
        need = max(_states(sizes, step.after) * cells, _states(sizes, step.joint))
        if need > MAX_CELLS:
            raise EntangledError(
                f"the choices of this space hang together too closely for exact tables: {len(step.joint)} decisions "
                f"meet in one table of {need:.3g} numbers, the most is {MAX_CELLS:.3g}; let fewer stages share a "
                f"choice, give choices fewer options, or drop the limit"
            )
    return best


def argmin(num_options: Int[np.ndarray, " d"], factors: Sequence[Factor]) -> Architecture:
    """An architecture with the least sum of factors; decisions in no factor take option 0.

    Raises:
      EntangledError: the tables would be too large.
    """
    message = np.zeros(())
    choices: list[tuple[Step, np.ndarray]] = []
    for step in plan(num_options, [factor.scope for factor in factors]):
        joint, gone = step.joint, step.gone
        values = _align(message, step.before, joint) + _align(factors[step.factor].values, step.scope, joint)
        values = np.broadcast_to(values, [num_options[i] for i in joint])
        rows = np.moveaxis(values, [joint.index(i) for i in gone], range(-len(gone), 0))
        flat = rows.reshape(*rows.shape[: len(step.after)], -1)
        choices.append((step, np.asarray(flat.argmin(axis=-1))))
        message = np.asarray(flat.min(axis=-1))
    decided = [0] * len(num_options)
    for step, best in reversed(choices):
        flat_option = best[tuple(decided[i] for i in step.after)]
        options = np.unravel_index(int(flat_option), [int(num_options[i]) for i in step.gone])
        for i, option in zip(step.gone, options, strict=True):
            decided[i] = int(option)
    return tuple(decided)


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    """Number of architectures in each cell of k binned costs, with the messages that tell which they are.

    Attributes:
      counts: Float[cells...], over all decisions; exact while the space has fewer than 2**53 architectures, else with
        a relative error below `rounding`.
      rounding: bound on the relative error of `counts`.
    """

    num_options: Int[np.ndarray, " d"]
    steps: tuple[Step, ...]
    shifts: tuple[Int[np.ndarray, "..."], ...]
    messages: tuple[Float[np.ndarray, "..."], ...]
    counts: Float[np.ndarray, "..."]
    rounding: float

    def trace(self, cells: Int[np.ndarray, "n k"], rng: np.random.Generator) -> Int8[np.ndarray, "n d"]:
        """Draw for each row one of the architectures in its cell, uniformly; every cell must hold one.

        Raises:
          ValueError: the histogram was made without its messages.
        """
        if len(self.messages) != len(self.steps):
            raise ValueError("this histogram kept no messages to trace; make it with keep=True")
        parts = [
            self._trace(cells[start : start + TRACE_CHUNK], rng) for start in range(0, max(1, len(cells)), TRACE_CHUNK)
        ]
        return np.concatenate(parts)

    def _trace(self, cells: Int[np.ndarray, "n k"], rng: np.random.Generator) -> Int8[np.ndarray, "n d"]:
        """Undo the steps from the last to the first; each settles its `gone` decisions and moves the cells back."""
        decided = rng.integers(0, self.num_options, size=(len(cells), len(self.num_options)))
        rows = np.arange(len(cells))
        for step, shifts, message in zip(self.steps[::-1], self.shifts[::-1], self.messages[::-1], strict=True):
            gone = np.array(list(_combinations(self.num_options, step.gone)), dtype=np.intp)
            value = {i: decided[:, i, None] for i in step.after}
            value |= {i: gone[None, :, j] for j, i in enumerate(step.gone)}
            combination = _ravel([value[i] for i in step.scope], shifts.shape[:-1])
            origins = [cells[:, k, None] - shifts[..., k].ravel().take(combination) for k in range(cells.shape[1])]
            # Where an origin is negative the index is wrong, and its weight is set to zero.
            places = _ravel([*(value[i] for i in step.before), *origins], message.shape)
            weights = message.ravel().take(places, mode="clip")
            for origin in origins:
                weights = np.where(origin >= 0, weights, 0.0)
            picked = _pick(np.broadcast_to(weights, (len(cells), len(gone))), rng)
            decided[:, step.gone] = gone[picked]
            cells = np.stack([np.broadcast_to(o, (len(cells), len(gone)))[rows, picked] for o in origins], axis=1)
        return decided.astype(np.int8)


def histogram(
    num_options: Int[np.ndarray, " d"],
    scopes: Sequence[tuple[int, ...]],
    shifts: Sequence[Int[np.ndarray, "..."]],
    shape: tuple[int, ...],
    *,
    keep: bool,
) -> Histogram:
    """Count the architectures at every cell below `shape`; what moves beyond it is dropped.

    Args:
      shifts: one for each scope, none negative.
      keep: hold on to the messages, so that architectures can be traced.

    Raises:
      EntangledError: the messages would be too large.
    """
    steps = plan(num_options, scopes, cells=math.prod(shape))
    message = np.zeros(shape)
    message[(0,) * len(shape)] = 1.0
    messages = []
    reach = np.ones(len(shape), dtype=np.int64)  # cells beyond are empty so far
    for step in steps:
        if keep:
            messages.append(message)
        message = _advance(message, step, shifts[step.factor], num_options, reach)
        reach = np.minimum(reach + shifts[step.factor].reshape(-1, len(shape)).max(axis=0), shape)
    mentioned = {i for scope in scopes for i in scope}
    free = math.prod(int(n) for i, n in enumerate(num_options) if i not in mentioned)
    additions = sum(math.prod(int(num_options[i]) for i in step.gone) for step in steps) + 2
    return Histogram(
        num_options=num_options,
        steps=steps,
        shifts=tuple(shifts[step.factor] for step in steps),
        messages=tuple(messages),
        counts=np.asarray(message * float(free)),
        rounding=additions * 2.0**-52,
    )


def _advance(
    message: Float[np.ndarray, "..."],
    step: Step,
    shifts: Int[np.ndarray, "..."],
    num_options: Int[np.ndarray, " d"],
    reach: Int[np.ndarray, " k"],
) -> Float[np.ndarray, "..."]:
    """One step of the sum: every combination of the scope adds a shifted copy of its part of the message."""
    shape = message.shape[len(step.before) :]
    after = np.zeros((*(int(num_options[i]) for i in step.after), *shape))
    for options in np.ndindex(shifts.shape[:-1]):
        settled = dict(zip(step.scope, options, strict=True))
        source = message[tuple(settled.get(i, slice(None)) for i in step.before)]
        target = after[tuple(settled.get(i, slice(None)) for i in step.after)]
        ends = [min(int(r), n - int(s)) for r, n, s in zip(reach, shape, shifts[options], strict=True)]
        if min(ends, default=1) > 0:
            into = tuple(slice(int(s), int(s) + end) for s, end in zip(shifts[options], ends, strict=True))
            target[(..., *into)] += source[(..., *(slice(end) for end in ends))]
    return after


def _greedy(sizes: Sequence[int], scopes: Sequence[tuple[int, ...]], start: int) -> tuple[Step, ...]:
    """Always apply the factor that leaves the smallest frontier, then the one that takes the least work."""
    uses = [sum(i in scope for scope in scopes) for i in range(len(sizes))]
    left, frontier, steps = set(range(len(scopes))), frozenset[int](), list[Step]()

    def outcome(k: int) -> frozenset[int]:
        return frozenset(i for i in frontier.union(scopes[k]) if uses[i] > (i in scopes[k]))

    while left:
        chosen = start if not steps else min(
            left, key=lambda k: (_states(sizes, outcome(k)), _states(sizes, frontier.union(scopes[k])), k)
        )  # fmt: skip
        after = outcome(chosen)
        steps.append(
            Step(factor=chosen, scope=scopes[chosen], before=tuple(sorted(frontier)), after=tuple(sorted(after)))
        )
        for i in scopes[chosen]:
            uses[i] -= 1
        left.remove(chosen)
        frontier = after
    return tuple(steps)


def _states(sizes: Sequence[int], decisions: Sequence[int] | frozenset[int]) -> int:
    return math.prod(sizes[i] for i in decisions)


def _combinations(num_options: Int[np.ndarray, " d"], decisions: Sequence[int]) -> Iterator[tuple[int, ...]]:
    return itertools.product(*(range(int(num_options[i])) for i in decisions))


def _ravel(index: Sequence[Int[np.ndarray, "..."]], shape: Sequence[int]) -> Int[np.ndarray, "n c"]:
    """`np.ravel_multi_index` that broadcasts and leaves the range unchecked."""
    flat = np.zeros((1, 1), dtype=np.intp)
    for places, length in zip(index, shape, strict=True):
        flat = flat * length + places
    return flat


def _align(values: Float[np.ndarray, "..."], scope: Sequence[int], joint: Sequence[int]) -> Float[np.ndarray, "..."]:
    """`values` with its axes in the order of `joint`, and axes of length one for the decisions it lacks."""
    order = [scope.index(i) for i in joint if i in scope]
    shape = [values.shape[scope.index(i)] if i in scope else 1 for i in joint]
    return values.transpose(order).reshape(shape)


def _pick(weights: Float[np.ndarray, "n c"], rng: np.random.Generator) -> Int[np.ndarray, " n"]:
    """One column for each row, with chance in proportion to its weight."""
    cumulative = weights.cumsum(axis=1)
    total = cumulative[:, -1:]
    # A product that rounds up to the total would pick a column of weight zero.
    target = np.minimum(rng.random(total.shape) * total, np.nextafter(total, 0))
    picked: Int[np.ndarray, " n"] = (cumulative <= target).sum(axis=1)
    return picked
