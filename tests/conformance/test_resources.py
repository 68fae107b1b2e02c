"""What every file in `nas/resources/` promises: exact, additive readings with a unit, and an error for the unknown."""

from typing import Any

import numpy as np
import pytest

from nas.costs import Resource, cost_tables, operators
from nas.ops import Shape
from nas.plugins import RESOURCES
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
    assert exported and all(isinstance(resource, Resource) for resource in exported)
    assert all(resource.name.split(".")[0] == key for resource in exported)


@pytest.mark.parametrize("resource", ALL, ids=lambda resource: resource.name)
class TestResource:
    def test_it_has_a_unit(self, resource: Resource) -> None:
        assert resource.unit

    def test_every_operator_has_a_finite_reading_that_is_not_negative(self, resource: Resource) -> None:
        readings = [resource.measure(op) for op in operators(SPACE)]
        assert all(np.isfinite(reading) and reading >= 0 for reading in readings)
        assert any(reading > 0 for reading in readings)

    def test_the_table_prices_what_the_lowered_network_costs(self, resource: Resource) -> None:
        (table,) = cost_tables(SPACE, [resource])
        population = SPACE.sample(25, np.random.default_rng(0))
        lowered = [resource.of(SPACE.lower(row)) for row in population.tolist()]
        np.testing.assert_allclose(table.cost(population), lowered, rtol=1e-12)

    def test_an_operator_that_it_does_not_know_is_no_silent_zero(self, resource: Resource) -> None:
        with pytest.raises((AttributeError, ValueError), match="unheard"):
            resource.measure(Unheard())
