"""What decisions build, where no `Space` says it: features of a table's architectures, and those of a cell.

A table of trained architectures has decisions and results, and nothing of how the parts are wired. Somebody who knows
it can say so: a `Structure` turns decisions into what a predictor should see in their place.

    n, f   architectures, features
    e      edges of a cell
    k      kinds of operations: each but the absent one by itself, then those that are alike together
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float

from nas.space.space import Option

MAX_PATHS = 512


@runtime_checkable
class Structure(Protocol):
    """Protocol of a structure, `STRUCTURE` of a file: how a table's decisions are wired."""

    @property
    def decisions(self) -> Sequence[str]:
        """The columns that it reads, as the table's header has them."""
        ...

    def features(self, options: Mapping[str, np.ndarray]) -> Float[np.ndarray, "n f"]:
        """What a predictor sees of n architectures.

        Args:
          options: by decision, what stands in the table: whole numbers, or texts.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A cell: a small graph with an operation on each edge, as in NAS-Bench-201 and DARTS.

    What an edge does depends on the others: one that leads nowhere does nothing. So the features speak of paths. They
    are the number of whole paths, and for each kind of operation, how often it comes on a path: the most, the fewest,
    the sum and the mean over whole paths. A path is whole if no edge of it is absent.

    Attributes:
      edges: by decision, the nodes that its edge leaves and enters.
      operations: every option that an edge may have.
      absent: the one that cuts an edge.
      alike: operations that also count together, such as the convolutions: how deep is a path?
    """

    edges: Mapping[str, tuple[int, int]]
    operations: Sequence[Option]
    absent: Option
    alike: Sequence[Sequence[Option]] = ()

    def __post_init__(self) -> None:
        if self.absent not in self.operations:
            raise ValueError(f"the absent operation must be one of {list(self.operations)}, got {self.absent!r}")
        for option in itertools.chain.from_iterable(self.alike):
            if option not in self.operations or option == self.absent:
                raise ValueError(f"alike are operations but the absent one, got {option!r}; known: {self.operations}")
        for name, (start, end) in self.edges.items():
            if start >= end:
                raise ValueError(f"edge {name!r} must lead from a lower node to a higher one, got {start} to {end}")
        if not 0 < len(self._paths) <= MAX_PATHS:
            raise ValueError(f"a cell has 1 to {MAX_PATHS} paths, got {len(self._paths)}; split it into smaller cells")

    @property
    def decisions(self) -> tuple[str, ...]:
        return tuple(self.edges)

    def features(self, options: Mapping[str, np.ndarray]) -> Float[np.ndarray, "n f"]:
        """See `Structure`; in the order of the class's docstring, kinds within the most, the fewest and so on.

        Raises:
          ValueError: an edge has an operation that is none of the cell's.
        """
        used, present = self._used(options)
        whole = np.stack([present[:, path].all(axis=1) for path in self._paths], axis=1)
        counts = np.stack([used[:, path].sum(axis=1) for path in self._paths], axis=1)
        num_whole, alive = whole.sum(axis=1, keepdims=True), whole[:, :, None]
        total = np.where(alive, counts, 0.0).sum(axis=1)
        most = np.where(alive, counts, 0.0).max(axis=1)
        fewest = np.where(num_whole > 0, np.where(alive, counts, np.inf).min(axis=1), 0.0)
        return np.concatenate([num_whole, most, fewest, total, total / np.maximum(num_whole, 1)], axis=1)

    @cached_property
    def _paths(self) -> list[list[int]]:
        """Each as the places of its edges."""
        starts, ends = ({edge[i] for edge in self.edges.values()} for i in (0, 1))
        return [list(path) for source in sorted(starts - ends) for path in self._from(source)]

    def _from(self, node: int) -> Iterator[tuple[int, ...]]:
        onward = [(i, end) for i, (start, end) in enumerate(self.edges.values()) if start == node]
        if not onward:
            yield ()
        for i, end in onward:
            yield from ((i, *rest) for rest in self._from(end))

    def _used(self, options: Mapping[str, np.ndarray]) -> tuple[Float[np.ndarray, "n e k"], Bool[np.ndarray, "n e"]]:
        """Of which kinds each edge is, and which edges are there."""
        given = np.stack([options[name] for name in self.edges], axis=1)
        present = given != self.absent
        if (unknown := given[~np.isin(given, list(self.operations))]).size:
            raise ValueError(f"the cell's operations are {list(self.operations)}, got {unknown[0].item()!r}")
        alone = [(operation,) for operation in self.operations if operation != self.absent]
        kinds = [np.isin(given, list(kind)) for kind in (*alone, *self.alike)]
        return np.stack(kinds, axis=2).astype(np.float64), present
