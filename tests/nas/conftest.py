"""Tables of the reference space, built once for all tests."""

import pytest

from nas.costs import CostTable, cost_tables
from nas.resources import macs, params
from search_spaces.tiefenrausch import SPACE


@pytest.fixture(scope="session")
def reference_tables() -> tuple[CostTable, ...]:
    return cost_tables(SPACE, (*macs.RESOURCES, *params.RESOURCES))


@pytest.fixture(scope="session")
def macs_table(reference_tables: tuple[CostTable, ...]) -> CostTable:
    return reference_tables[0]


@pytest.fixture(scope="session")
def params_table(reference_tables: tuple[CostTable, ...]) -> CostTable:
    return reference_tables[1]
