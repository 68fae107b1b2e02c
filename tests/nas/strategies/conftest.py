"""Strategies on a small space search with small populations."""

import pytest

from nas.strategies import _guided


@pytest.fixture(autouse=True)
def a_small_genetic_search(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_guided, "POPULATION", 64)
    monkeypatch.setattr(_guided, "GENERATIONS", 4)
    monkeypatch.setattr(_guided, "NUM_SEEDS", 32)


@pytest.fixture
def a_token_genetic_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """For a test that looks at the other proposals, and needs very many to see some."""
    monkeypatch.setattr(_guided, "POPULATION", 8)
    monkeypatch.setattr(_guided, "GENERATIONS", 1)
    monkeypatch.setattr(_guided, "NUM_SEEDS", 4)
