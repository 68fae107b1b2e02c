"""A training of several processes: the steps of one, its fate when a process fails."""

import os
import signal
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.multiprocessing.spawn import start_processes

from nas.depth.training import data_parallel
from nas.depth.training.data_parallel import train_together
from nas.depth.training.recipe import Recipe
from nas.depth.training.training import TrainResult, train
from tests.forked import serve
from tests.nas.depth.training.test_training import plain_net, ragged_images, readable_images, small_net, weights

SHORT = Recipe(steps=12, batch_size=5, peak_lr=1e-2)  # an odd batch: the parts differ in size
BOTH = ("cpu", "cpu")

pytestmark = pytest.mark.slow  # every process imports torch


@pytest.fixture
def forked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes that need not load torch: what is asked of them is the same as of those that do."""
    serve()
    monkeypatch.setattr(data_parallel, "spawn", partial(start_processes, start_method="forkserver"))


class Failing(nn.Module):
    """Fares badly in the process whose part of the batch has so many images."""

    def __init__(self, fate: str, num_images: int) -> None:
        super().__init__()
        self.inner = nn.Conv2d(3, 1, 3, padding=1)
        self.fate, self.num_images = fate, num_images

    def forward(self, rgb: Tensor) -> Tensor:
        if len(rgb) == self.num_images and self.fate == "memory":
            raise MemoryError("told to")
        if len(rgb) == self.num_images and self.fate == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        output: Tensor = self.inner(rgb)
        return output * (float("nan") if self.fate == "diverge" else 1)


def test_two_processes_make_the_steps_of_one(tmp_path: Path) -> None:
    """Without batch norm, on the same batches, up to rounding; a checkpoint has all of it."""
    images, alone, together, again = ragged_images(), plain_net(), plain_net(), plain_net(seed=9)
    expected, checkpoint = train(alone, images, SHORT, seed=0), str(tmp_path / "run.pt")
    found = train_together(together, images, SHORT, seed=0, devices=BOTH, checkpoint=checkpoint, checkpoint_every=12)
    check_same(found, together, expected, alone)
    assert found.images == expected.images and not together.training and found.notes == ()
    result = train_together(again, images, SHORT, seed=0, devices=BOTH, checkpoint=checkpoint)
    assert result.images == 0 and result.notes == ("training went on after step 12",)
    torch.testing.assert_close(weights(again), weights(together), rtol=0, atol=0)


@pytest.mark.usefixtures("forked")
def test_each_process_may_divide_its_part_once_more() -> None:
    images, alone, together = ragged_images(), plain_net(), plain_net()
    expected = train(alone, images, SHORT, seed=0)
    found = train_together(together, images, replace(SHORT, parts=2), seed=0, devices=BOTH)
    check_same(found, together, expected, alone)


def check_same(found: TrainResult, module: nn.Module, expected: TrainResult, other: nn.Module) -> None:
    np.testing.assert_allclose(found.losses, expected.losses, rtol=1e-3)
    torch.testing.assert_close(weights(module), weights(other), rtol=1e-2, atol=1e-4)
    assert not torch.allclose(weights(module), weights(plain_net()), rtol=0.1, atol=0.01)


@pytest.mark.usefixtures("forked")
def test_batch_norm_sees_the_parts() -> None:
    alone, together = small_net(), small_net()
    train(alone, readable_images(), SHORT, seed=0)
    train_together(together, readable_images(), SHORT, seed=0, devices=BOTH)
    assert not torch.allclose(weights(together), weights(alone), atol=1e-4)


@pytest.mark.usefixtures("forked")
@pytest.mark.parametrize(
    ("fate", "num_images", "error", "message"),
    [
        ("memory", 2, MemoryError, "^MemoryError: told to$"),
        ("kill", 3, RuntimeError, "(?s)one of 2 processes of a training failed: .*"),
        ("diverge", 0, RuntimeError, "(?s)one of 2 processes of a .* failed: .*the loss must stay finite, got nan"),
    ],
)
def test_what_befalls_one_process_ends_all(fate: str, num_images: int, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        train_together(Failing(fate, num_images), readable_images(), SHORT, seed=0, devices=BOTH)


def test_a_batch_with_less_images_than_parts_is_refused() -> None:
    with pytest.raises(ValueError, match=r"a batch of 5 has none for 2 processes x 3 parts; give a larger batch"):
        train_together(small_net(), readable_images(), replace(SHORT, parts=3), seed=0, devices=BOTH)
