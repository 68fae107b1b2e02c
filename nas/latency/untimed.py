"""Regression of the latencies of operators that were not timed on those that were.

A straight line in logarithms (time grows as a power of the work and of the bytes moved) for each kind of operator, and
trees for what the line leaves over: vector widths, cache sizes, special kernels. Judged by cross-validation.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float

from nas.latency.fit import kind
from nas.latency.table import Guess
from nas.space import Add, Conv, GlobalPool, Linear, Operator, Shape, Upsample

NUM_FOLDS = 5
MIN_OF_KIND = 8  # timed operators of a kind from which a kind of its own is learned
NUM_TREES = 200


def sample(ops: Sequence[Operator], most: int | None, counts: Mapping[str, int] | None = None) -> list[Operator]:
    """At most so many of the operators: of every kind its share and from the smallest to the largest.

    Args:
      counts: how often each occurs in networks that matter, by key. With these, the most frequent are taken in place of
        each kind's share, and of the others only what is needed to learn a kind from.

    Raises:
      ValueError: too few to learn from.
    """
    if most is None or most >= len(ops):
        return list(ops)
    groups = _by_kind(ops)
    if most < MIN_OF_KIND * len(groups):
        raise ValueError(
            f"at least {MIN_OF_KIND} operators of each of the {len(groups)} kinds must be timed, got a limit of "
            f"{most} in all; give {MIN_OF_KIND * len(groups)} or more"
        )
    if counts:
        return _most_frequent(groups, most, counts)
    share = (most - MIN_OF_KIND * len(groups)) / len(ops)
    return [
        group[i]
        for group in groups.values()
        for i in _spread_over(len(group), min(len(group), MIN_OF_KIND + int(share * len(group))))
    ]


def _most_frequent(groups: Mapping[str, Sequence[Operator]], most: int, counts: Mapping[str, int]) -> list[Operator]:
    """The least number of each kind, then the most frequent of all kinds."""
    ranked = {name: sorted(group, key=lambda op: -counts.get(op.key, 0)) for name, group in groups.items()}
    first = [op for group in ranked.values() for op in group[:MIN_OF_KIND]]
    rest = sorted(
        (op for group in ranked.values() for op in group[MIN_OF_KIND:]), key=lambda op: -counts.get(op.key, 0)
    )
    return first + rest[: most - len(first)]


def _by_kind(ops: Sequence[Operator]) -> dict[str, list[Operator]]:
    """Operators by kind, each kind from the smallest to the largest."""
    groups: dict[str, list[Operator]] = {}
    for op in sorted(ops, key=lambda op: (op.macs, op.output.num_elements, op.key)):
        groups.setdefault(kind(op), []).append(op)
    return groups


def guess(
    timed: Sequence[Operator], times: Mapping[str, float], others: Sequence[Operator]
) -> tuple[dict[str, float], Guess | None]:
    """Predicted milliseconds of the others by key, and how far to trust them; ({}, None) if there are none.

    Raises:
      ValueError: there are others, of a kind of which too few were timed.
    """
    if not others:
        return {}, None
    _check_kinds(timed, others)
    y = np.log([max(times[op.key], 1e-9) for op in timed])
    held_out = np.empty(len(timed))
    fold = np.random.default_rng(0).permutation(len(timed)) % NUM_FOLDS
    for k in range(NUM_FOLDS):
        kept = [op for op, f in zip(timed, fold, strict=True) if f != k]
        left = [op for op, f in zip(timed, fold, strict=True) if f == k]
        held_out[fold == k] = _learn_and_predict(kept, y[fold != k], left)
    error = np.abs(np.exp(held_out - y) - 1)
    predicted = np.exp(_learn_and_predict(timed, y, others))
    about = Guess(
        num_timed=len(timed),
        mape=float(error.mean()),
        within_10_percent=float((error <= 0.1).mean()),
        keys=tuple(op.key for op in others),
    )
    return {op.key: float(ms) for op, ms in zip(others, predicted, strict=True)}, about


def _learn_and_predict(
    timed: Sequence[Operator], y: Float[np.ndarray, " n"], others: Sequence[Operator]
) -> Float[np.ndarray, " m"]:
    from sklearn.ensemble import ExtraTreesRegressor  # takes a second, and most commands profile nothing
    from sklearn.linear_model import RidgeCV

    predicted = np.empty(len(others))
    for name in {kind(op) for op in others}:
        ours = np.array([kind(op) == name for op in timed])
        theirs = np.array([kind(op) == name for op in others])
        if ours.sum() < NUM_FOLDS:
            ours[:] = True
        X = features([op for op, is_ours in zip(timed, ours, strict=True) if is_ours])
        X_other = features([op for op, is_theirs in zip(others, theirs, strict=True) if is_theirs])
        line = RidgeCV(np.logspace(-4, 2, 13)).fit(X, y[ours])
        trees = ExtraTreesRegressor(NUM_TREES, min_samples_leaf=2, random_state=0, n_jobs=1)
        trees.fit(X, y[ours] - line.predict(X))
        predicted[theirs] = line.predict(X_other) + trees.predict(X_other)
    return predicted


def features(ops: Sequence[Operator]) -> Float[np.ndarray, "n f"]:
    """Logarithms of what an operator computes, reads and writes, and its widths modulo a vector's."""
    return np.array([_features(op) for op in ops])


def _features(op: Operator) -> list[float]:
    source = _input(op)
    sizes = (op.macs, op.num_weights, source.num_elements, op.output.num_elements, source.channels, op.output.channels)
    kernel, stride = (op.kernel, op.stride) if isinstance(op, Conv) else (1, 1)
    tails = [channels % lanes / lanes for channels in (source.channels, op.output.channels) for lanes in (8, 16, 32)]
    activation = float(isinstance(op, Conv) and op.activation != "none")
    return [*np.log1p(sizes).tolist(), float(kernel), float(stride), activation, *tails]


def _input(op: Operator) -> Shape:
    """Shape of an operator's input; an operator of a sort unknown here counts as one that keeps its shape."""
    return op.input if isinstance(op, Conv | Upsample | Add | GlobalPool | Linear) else op.output


def _check_kinds(timed: Sequence[Operator], others: Sequence[Operator]) -> None:
    counts: dict[str, int] = {}
    for op in timed:
        counts[kind(op)] = counts.get(kind(op), 0) + 1
    for op in others:
        if counts.get(kind(op), 0) < MIN_OF_KIND:
            raise ValueError(
                f"{op.key!r} has no time, and it cannot be predicted from {counts.get(kind(op), 0)} operators of its "
                f"kind ({kind(op)}); time at least {MIN_OF_KIND} of that kind"
            )


def _spread_over(length: int, number: int) -> list[int]:
    return sorted(set(np.linspace(0, length - 1, number).round().astype(int).tolist()))
