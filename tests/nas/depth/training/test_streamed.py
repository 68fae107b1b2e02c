from pathlib import Path

import numpy as np
import torch

from nas.depth.training import batches
from nas.depth.training.pictures import load
from nas.depth.training.recipe import Recipe
from nas.depth.training.streamed import StreamedBatches
from nas.depth.training.training import train
from tests.nas.depth.data.storage.test_room import in_files
from tests.nas.depth.data.test_images import make_images

CPU = torch.device("cpu")
RECIPE = Recipe(steps=3, batch_size=4, colour_jitter=0.1)


def test_batches_out_of_files_are_those_out_of_memory(tmp_path: Path) -> None:
    images = make_images(9, size=6)
    pictures = load(in_files(images, tmp_path), CPU)
    assert isinstance(pictures, StreamedBatches) and isinstance(load(images, CPU), batches.Batches)
    for ahead in (None, np.array([7, 2, 2]), np.array([0, 1, 2])):  # nothing, what comes next, something else
        if ahead is not None:
            pictures.read_ahead(ahead)
        one, other = (
            each.cut(np.array([7, 2, 2]), RECIPE, np.random.default_rng(5)) for each in (pictures, load(images, CPU))
        )
        for name in ("rgb", "log_disparity", "valid"):
            assert torch.equal(getattr(one, name), getattr(other, name))


def test_a_training_out_of_files_makes_the_same_steps(tmp_path: Path) -> None:
    images = make_images(9, size=8)
    losses = []
    for each in (images, in_files(images, tmp_path)):
        torch.manual_seed(0)
        losses.append(train(torch.nn.Conv2d(3, 1, 3, padding=1), each, RECIPE, seed=0).losses)
    np.testing.assert_array_equal(*losses)
