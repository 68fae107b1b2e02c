import json
from dataclasses import replace

import numpy as np
import pytest

from nas.space import (
    Network,
    NetworkFileError,
    Shape,
    Space,
    at_size,
    network_record,
    read_network,
)
from search_spaces import mobilenet, tiefenrausch, tiny
from tests.nas.unheard import unheard_network

SPACES = (mobilenet.SPACE, tiefenrausch.SPACE, tiny.SPACE)


def networks(space: Space, number: int = 5) -> list[Network]:
    return [space.lower(row.tolist()) for row in space.sample(number, np.random.default_rng(0))]


@pytest.mark.parametrize("space", SPACES, ids=lambda space: space.name)
def test_by_way_of_json_it_is_the_same_network(space: Space) -> None:
    for network in networks(space):
        assert read_network(json.loads(json.dumps(network_record(network)))) == network


@pytest.mark.parametrize("space", [tiefenrausch.SPACE, tiny.SPACE, mobilenet.SPACE], ids=lambda space: space.name)
def test_at_another_size_it_is_what_the_space_lowers_to_there(space: Space) -> None:
    height, width = (space.side_multiple * factor for factor in (3, 2))
    if space is mobilenet.SPACE:
        height, width = 96, 64
    elsewhere = replace(space, input=Shape(3, height, width))
    for here, there in zip(networks(space), networks(elsewhere), strict=True):
        assert at_size(here, height, width) == there


@pytest.mark.parametrize("size", [(48, 64), (64, 50), (0, 32)])
def test_a_size_at_which_skips_would_not_meet_is_refused(size: tuple[int, int]) -> None:
    network = networks(tiefenrausch.SPACE, 1)[0]
    with pytest.raises(ValueError, match=r"multiples of 32, which this network's strides .*the nearest is \d+x\d+"):
        at_size(network, *size)


def test_an_unknown_operator_is_named() -> None:
    with pytest.raises(NetworkFileError, match="operator Unheard cannot be written down"):
        network_record(unheard_network())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 2}, "must have format 1, got 2; read it with the version"),
        ({"nodes": []}, "it has no nodes"),
        ({"nodes": [{"name": "a", "inputs": ["input"], "kind": "Deconv"}]}, "Deconv"),
        ({"nodes": [{"name": "a", "inputs": ["input"], "kind": "Upsample", "mode": "cubic"}]}, "got 'cubic'"),
        ({"nodes": [{"name": "a", "inputs": ["input"], "kind": "Linear", "width": -1}]}, "width must be .*got -1"),
        ({"nodes": [{"name": "a", "inputs": ["lost"], "kind": "GlobalPool"}]}, "lost"),
    ],
)
def test_a_damaged_record_is_refused(change: dict[str, object], message: str) -> None:
    record = {**network_record(networks(tiny.SPACE, 1)[0]), **change}
    with pytest.raises(NetworkFileError, match=message):
        read_network(record)
