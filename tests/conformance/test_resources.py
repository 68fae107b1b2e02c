"""What every file in `nas/resources/` promises: exact, additive readings with a unit, and an error for the unknown."""

from typing import Any

import numpy as np
import pytest

from nas.costs import PeakResource, Resource, tabulate
from nas.plugins import RESOURCES
from nas.space import Shape
from tests.experiments.tiny import SPACE

ALL = [resource for key in RESOURCES.keys() for resource in RESOURCES.load(key)]


class Unheard:
    """An operator that no meter has heard of."""

    key = "unheard"
    output = input = Shape(1, 1, 1)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"operator 'unheard' has no {name}")


def test_names_are_distinct() -> None:
    assert len({resource.name for resource in ALL}) == len(ALL) >= 3


@pytest.mark.parametrize("key", RESOURCES.keys())
def test_a_file_exports_resources_that_begin_with_its_name(key: str) -> None:
    exported = RESOURCES.load(key)
    assert exported and all(isinstance(resource, Resource | PeakResource) for resource in exported)
    assert all(resource.name.split(".")[0] == key and resource.unit for resource in exported)


@pytest.mark.parametrize("resource", ALL, ids=lambda resource: resource.name)
def test_a_network_costs_something_and_the_table_prices_it_alike(resource: Resource | PeakResource) -> None:
    (table,) = tabulate(SPACE, [resource])
    population = SPACE.sample(25, np.random.default_rng(0))
    lowered = np.array([float(resource.of(SPACE.lower(row))) for row in population.tolist()])
    assert np.isfinite(lowered).all() and (lowered > 0).all()
    np.testing.assert_allclose(table.cost(population), lowered, rtol=1e-12)


@pytest.mark.parametrize(
    "resource", [resource for resource in ALL if isinstance(resource, Resource)], ids=lambda resource: resource.name
)
def test_an_operator_that_a_meter_does_not_know_is_no_silent_zero(resource: Resource) -> None:
    with pytest.raises((AttributeError, ValueError), match="unheard"):
        resource.measure(Unheard())
