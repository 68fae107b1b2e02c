"""The law of levels: what the table says of a network is what one counts on the lowered network itself."""

import math
from collections import defaultdict

import numpy as np
import pytest

from nas.costs import level_table
from nas.space import Choice, Conv, Network, Shape, Space, Stage
from nas.space.variants import EntangledError
from search_spaces import mobilenet, tiefenrausch
from tests.nas.costs.test_tables import small


def walked(network: Network) -> dict[str, float]:
    """Every feature that the network has, by name, counted operator by operator."""
    found, least = defaultdict[str, float](float), defaultdict[str, float](lambda: math.inf)
    for node in network.nodes:
        op, height = node.op, node.op.output.height
        found[f"macs at {height}"] += op.macs
        found[f"params at {height}"] += op.num_weights + op.num_biases
        if isinstance(op, Conv) and node is not network.nodes[-1]:
            name = f"narrowest{' inside' if op.groups > 1 else ''} at {height}"
            least[name] = min(least[name], op.output.channels)
    return {name: math.log(value) for name, value in (found | least).items() if value}


@pytest.mark.parametrize("space", [small(), tiefenrausch.SPACE, mobilenet.SPACE], ids=lambda space: space.name)
def test_features_are_what_a_walk_over_the_network_counts(space: Space) -> None:
    table = level_table(space)
    population = space.sample(40, np.random.default_rng(0))
    features = table.features(population)
    assert (features >= 0).all() and (features <= 1).all()
    logs = features * (table.high - table.low) + table.low
    counted = [walked(space.lower(row)) for row in population.tolist()]
    np.testing.assert_allclose(logs, [[one[name] for name in table.names] for one in counted], atol=1e-9)


def test_what_is_the_same_everywhere_is_no_feature() -> None:
    table = level_table(small())
    assert set(table.names) == {
        *(f"{what} at {height}" for what in ("macs", "params", "narrowest", "narrowest inside") for height in (64, 32))
    }
    fixed = level_table(small(widths=(8,)))
    assert "narrowest at 64" not in fixed.names and "macs at 64" in fixed.names


def test_a_level_that_some_networks_lack_counts_nothing_there() -> None:
    stride = Choice(name="stride", options=(1, 2))
    space = Space(
        name="sometimes",
        input=Shape(3, 16, 16),
        stages=(
            Stage(name="stem", op="conv", inputs=("input",), width=8, kernel=3),
            Stage(name="down", op="conv", inputs=("stem",), width=16, kernel=3, stride=stride),
            Stage(name="head", op="head", inputs=("down",), width=1, kernel=3),
        ),
    )
    table = level_table(space)
    coarse = table.names.index("macs at 8")
    whole, halved = (table.features(np.array([[option]], np.int8))[0] for option in (0, 1))
    assert whole[coarse] == 0.0 and halved[coarse] == 1.0
    assert np.isfinite(whole).all() and np.isfinite(halved).all()


def test_an_entangled_space_is_refused() -> None:
    space = tiefenrausch.SPACE
    wide = Choice(name="wide", options=tuple(range(1, 65)))
    high, long = Choice(name="high", options=tuple(range(1, 65))), Choice(name="long", options=tuple(range(1, 65)))
    stage = Stage(name="a", op="trb", inputs=("input",), width=wide, expansion=high, repeat=long, stride=2)
    with pytest.raises(EntangledError, match="can be tabulated"):
        level_table(Space(name="entangled", input=space.input, stages=(stage,)))
