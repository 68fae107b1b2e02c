"""What every file in `search_spaces/` promises."""

import numpy as np
import pytest
import torch

from nas.lowering.torch_module import build
from nas.plugins import SPACES
from nas.space import Space


@pytest.fixture(params=SPACES.keys())
def space(request: pytest.FixtureRequest) -> Space:
    loaded = SPACES.load(request.param)
    assert isinstance(loaded, Space)
    assert loaded.name == request.param
    return loaded


def test_architectures_survive_encoding_and_naming(space: Space) -> None:
    population = space.sample(50, np.random.default_rng(0))
    assert space.contains(population).all()
    np.testing.assert_array_equal(space.decode(space.encode(population)), population)
    for row in population.tolist():
        assert space.architecture(space.decisions(row)) == tuple(row)


def test_features_lie_between_0_and_1(space: Space) -> None:
    features = space.encode(space.sample(50, np.random.default_rng(0)))
    assert features.min() >= 0 and features.max() <= 1


def test_every_option_can_be_lowered(space: Space) -> None:
    for option in range(int(space.num_options.max())):
        architecture = np.minimum(option, space.num_options - 1).tolist()
        assert space.lower(architecture).macs > 0


def test_sampling_is_repeatable_and_reaches_every_option(space: Space) -> None:
    first, second = (space.sample(2000, np.random.default_rng(7)) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(first.max(axis=0), space.num_options - 1)
    np.testing.assert_array_equal(first.min(axis=0), 0)


def test_references_are_architectures_of_the_space(space: Space) -> None:
    for name in space.references:
        assert space.contains(np.array([space.reference(name)]))[0]


def test_a_network_runs_at_the_smallest_input(space: Space) -> None:
    network = space.lower(space.sample(1, np.random.default_rng(0))[0].tolist())
    side = 2 * network.side_multiple  # a batch norm in training needs more than one value per channel
    output = build(network)(torch.rand(2, space.input.channels, side, side))
    assert output.shape[0] == 2 and torch.isfinite(output).all()
