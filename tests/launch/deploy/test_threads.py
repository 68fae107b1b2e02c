"""How many threads a training in full takes."""

import os
from dataclasses import replace

import pytest
import torch

from launch.deploy.threads import default_threads, on_threads, usable_cores
from nas.space import Shape
from search_spaces import tiefenrausch


def test_a_small_network_takes_one_and_a_large_one_the_cores_that_the_process_may_use(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 3, 5}, raising=False)
    large = tiefenrausch.SPACE
    small = replace(large, input=Shape(3, 64, 64))
    published = large.reference("published")
    assert default_threads(large.lower(published)) == 3
    assert default_threads(small.lower((0,) * small.num_decisions)) == 1


def test_where_the_system_tells_of_no_affinity_all_cores_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 7)
    assert usable_cores() == 7


def test_torch_has_its_own_number_back_afterwards() -> None:
    before = torch.get_num_threads()
    with pytest.raises(RuntimeError), on_threads(before + 1):
        assert torch.get_num_threads() == before + 1
        raise RuntimeError
    assert torch.get_num_threads() == before
