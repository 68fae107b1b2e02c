"""What networks look like, level by level: features from which a predictor learns sooner than from decisions.

Decisions say how a network is put together, and what one of them does depends on others: an expansion of 6 is much on
wide tensors and little on narrow ones. A predictor that has seen few trainings has not found that out. So each level of
a network says how much it computes, how many parameters it has, and how narrow its narrowest places are. All of it is
tabulated by stage, as costs are. What it is worth: docs/predicting.md.

    level    the operators whose outputs have one height
    L, n     levels, finest first; architectures
    f        features: of the 4 L those that differ between architectures
    e, s     combinations of the options that a stage depends on; 2 L sums, and as many that are the least of all
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, Int8

from nas.costs.tables import CHUNK
from nas.space import Conv, Space, Stage
from nas.space.variants import Variant, check_variants, stage_scope, variants

SUMS = ("macs", "params")
LEAST = ("narrowest", "narrowest inside")
"""Channels of the narrowest tensor between convolutions that mix channels, and of the narrowest within a block, where
a grouped convolution works on each by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What one stage says of the levels, tabulated over the decisions in `scope`, each with so many options."""

    scope: tuple[int, ...]
    num_options: tuple[int, ...]
    sums: Float[np.ndarray, "e s"]
    least: Float[np.ndarray, "e s"]

    def rows(self, population: Int8[np.ndarray, "n d"]) -> Int[np.ndarray, " n"]:
        """Of each architecture, its row in `sums` and `least`."""
        columns = [population[:, i].astype(np.intp) for i in self.scope]
        return np.ravel_multi_index(columns, self.num_options) if columns else np.zeros(len(population), np.intp)


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelTable:
    """The levels of a space's networks, ready to describe populations.

    Attributes:
      names: of the features, such as "macs at 32".
      kept: their places among the 4 L.
      low, high: bounds of each feature's logarithm over the space.
    """

    names: tuple[str, ...]
    shares: tuple[Share, ...]
    kept: tuple[int, ...]
    low: Float[np.ndarray, " f"]
    high: Float[np.ndarray, " f"]

    def features(self, population: Int8[np.ndarray, "n d"]) -> Float[np.ndarray, "n f"]:
        """Logarithms, each scaled to [0, 1] over the space."""
        found = np.empty((len(population), len(self.kept)))
        for start in range(0, len(population), CHUNK):
            some = population[start : start + CHUNK]
            rows = [share.rows(some) for share in self.shares]
            sums = sum(share.sums[row] for share, row in zip(self.shares, rows, strict=True))
            least = np.minimum.reduce([share.least[row] for share, row in zip(self.shares, rows, strict=True)])
            logs = _logs(np.concatenate([sums, least], axis=1)[:, self.kept])
            found[start : start + CHUNK] = (np.minimum(logs, self.high) - self.low) / (self.high - self.low)
        return found


def level_table(space: Space) -> LevelTable:
    """Tabulate the levels of a space's networks.

    Raises:
      EntangledError: a stage depends on more choices than can be tabulated.
    """
    check_variants(space)
    lowered = [list(variants(space, stage)) for stage in space.stages]
    heights = sorted({h for stage in lowered for variant in stage for h in _heights(variant)}, reverse=True)
    shares = [_share(space, stage, some, heights) for stage, some in zip(space.stages, lowered, strict=True)]
    low, high = (_logs(bound) for bound in _bounds(shares))
    kept = np.flatnonzero(high > low)
    names = [f"{what} at {height}" for what in (*SUMS, *LEAST) for height in heights]
    return LevelTable(
        names=tuple(names[i] for i in kept),
        shares=tuple(shares),
        kept=tuple(kept.tolist()),
        low=low[kept],
        high=high[kept],
    )


def _heights(variant: Variant) -> Iterator[int]:
    return (node.op.output.height for node in variant.nodes)


def _share(space: Space, stage: Stage, lowered: Sequence[Variant], heights: Sequence[int]) -> Share:
    """The network's last operator is as wide as its task asks, which says nothing of how narrow the network is."""
    scope, is_last = stage_scope(space, stage), stage is space.stages[-1]
    place, num_levels = {height: level for level, height in enumerate(heights)}, len(heights)
    sums, least = list[list[float]](), list[list[float]]()
    for variant in lowered:
        counted, narrowest = [0.0] * (2 * num_levels), [np.inf] * (2 * num_levels)
        for node in variant.nodes:
            op, output = node.op, node.op.output
            level = place[output.height]
            counted[level] += op.macs
            counted[num_levels + level] += op.num_weights + op.num_biases
            if isinstance(op, Conv) and not (is_last and node is variant.nodes[-1]):
                within = level + num_levels * (op.groups > 1)
                narrowest[within] = min(narrowest[within], output.channels)
        sums.append(counted)
        least.append(narrowest)
    return Share(
        scope=scope,
        num_options=tuple(len(space.choices[i].options) for i in scope),
        sums=np.array(sums),
        least=np.array(least),
    )


def _bounds(shares: Sequence[Share]) -> tuple[Float[np.ndarray, " c"], Float[np.ndarray, " c"]]:
    """Of the sums and the least over all architectures; no sum or least lies outside, but for one of no operators."""
    low, high = (
        np.concatenate(
            [
                np.sum([bound(share.sums, axis=0) for share in shares], axis=0),
                np.min([bound(share.least, axis=0) for share in shares], axis=0),
            ]
        )
        for bound in (np.min, np.max)
    )
    return np.where(np.isfinite(high), low, 1.0), np.where(np.isfinite(high), high, 1.0)


def _logs(values: Float[np.ndarray, "*n c"]) -> Float[np.ndarray, "*n c"]:
    logs: Float[np.ndarray, "*n c"] = np.log(np.maximum(values, 1.0))
    return logs
