"""A cell's features against a walk over its paths, and the mistakes that its author can make."""

import itertools
from collections.abc import Mapping

import numpy as np
import pytest

from nas.space import Cell, Structure

EDGES = {"a": (0, 1), "b": (1, 3), "c": (0, 3), "d": (0, 2), "e": (2, 3), "f": (1, 2)}
OPERATIONS = ("none", "skip", "conv3", "conv5")
CELL = Cell(edges=EDGES, operations=OPERATIONS, absent="none", alike=(("conv3", "conv5"),))
PATHS = (("a", "b"), ("a", "f", "e"), ("c",), ("d", "e"))


def walked(edge: Mapping[str, str]) -> list[float]:
    whole = [path for path in PATHS if all(edge[name] != "none" for name in path)]
    found: list[list[float]] = []
    for kind in (("skip",), ("conv3",), ("conv5",), ("conv3", "conv5")):
        uses = [sum(edge[name] in kind for name in path) for path in whole] or [0]
        found.append([max(uses), min(uses), sum(uses), sum(uses) / max(1, len(whole))])
    return [len(whole), *(one[i] for i in range(4) for one in found)]


def test_features_are_what_a_walk_over_whole_paths_counts() -> None:
    rows = list(itertools.product(OPERATIONS, repeat=len(EDGES)))
    features = CELL.features({name: np.array([row[i] for row in rows]) for i, name in enumerate(EDGES)})
    assert isinstance(CELL, Structure) and CELL.decisions == tuple(EDGES)
    for i in np.random.default_rng(0).choice(len(rows), 200, replace=False):
        assert features[i].tolist() == pytest.approx(walked(dict(zip(EDGES, rows[i], strict=True))))


def test_an_edge_that_leads_nowhere_does_nothing() -> None:
    options = {name: np.array(["skip", "skip"]) for name in EDGES}
    options["e"] = np.array(["none", "none"])
    options["d"] = np.array(["conv3", "conv5"])  # its only way on is cut
    one, other = CELL.features(options)
    assert one.tolist() == other.tolist()


def test_a_cell_that_is_cut_through_counts_nothing() -> None:
    assert not CELL.features({name: np.array(["none"]) for name in EDGES}).any()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"absent": "zero"}, "the absent operation must be one of .*, got 'zero'"),
        ({"alike": (("none", "skip"),)}, "alike are operations but the absent one, got 'none'"),
        ({"edges": {"a": (1, 1)}}, "edge 'a' must lead from a lower node to a higher one, got 1 to 1"),
        ({"edges": {}}, "a cell has 1 to 512 paths, got 0"),
        ({"edges": {f"{i}{j}": (i, j) for i in range(12) for j in range(i + 1, 12)}}, "got 1024; split it"),
    ],
)
def test_a_cell_that_cannot_be_is_refused(changed: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Cell(**{"edges": EDGES, "operations": OPERATIONS, "absent": "none", **changed})  # type: ignore[arg-type]


def test_an_operation_that_the_cell_does_not_know_is_named() -> None:
    with pytest.raises(ValueError, match=r"the cell's operations are .*, got 'conv7'"):
        CELL.features({name: np.array(["conv7"]) for name in EDGES})
