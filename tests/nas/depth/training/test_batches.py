import numpy as np
import torch

from nas.depth.training import batches
from nas.depth.training.recipe import Recipe
from tests.nas.depth.data.test_images import make_images

CPU = torch.device("cpu")


def test_each_epoch_takes_every_image_once() -> None:
    order = batches.order(7, Recipe(steps=21, batch_size=2), np.random.default_rng(0))
    epochs = order.reshape(6, 7)
    for epoch in epochs:
        np.testing.assert_array_equal(np.sort(epoch), np.arange(7))
    assert not (epochs == epochs[0]).all()


def test_a_batch_is_its_images_in_channels_last() -> None:
    images = make_images(5)
    batch = batches.load(images, CPU).cut(np.array([4, 1]), Recipe(flip=False), np.random.default_rng(0))
    np.testing.assert_allclose(batch.rgb.numpy().transpose(0, 2, 3, 1), images.rgb[[4, 1]] / 255, rtol=1e-6)
    np.testing.assert_allclose(batch.log_disparity.numpy(), -np.log(images.depth[[4, 1]]), rtol=1e-6)
    assert batch.rgb.is_contiguous(memory_format=torch.channels_last)
    assert bool(batch.valid.all())


def test_colour_and_truth_are_mirrored_together_in_half_of_the_images() -> None:
    images = make_images(1, size=6)
    pictures = batches.load(images, CPU)
    batch = pictures.cut(np.zeros(200, dtype=np.int64), Recipe(), np.random.default_rng(0))
    plain = pictures.cut(np.zeros(1, dtype=np.int64), Recipe(flip=False), np.random.default_rng(0))
    mirrored = (batch.rgb != plain.rgb).flatten(1).any(1)
    assert 70 < int(mirrored.sum()) < 130
    for rgb, truth in zip(batch.rgb[mirrored], batch.log_disparity[mirrored], strict=True):
        torch.testing.assert_close(rgb, plain.rgb[0].flip(2))
        torch.testing.assert_close(truth, plain.log_disparity[0].flip(1))


def test_jitter_is_one_gain_for_each_image_and_channel() -> None:
    pictures = batches.load(make_images(4), CPU)
    at = np.arange(4)
    jittered = pictures.cut(at, Recipe(flip=False, colour_jitter=0.2), np.random.default_rng(0)).rgb
    plain = pictures.cut(at, Recipe(flip=False), np.random.default_rng(0)).rgb
    gain = (jittered.sum((2, 3)) / plain.sum((2, 3)))[..., None, None]
    torch.testing.assert_close(jittered, plain * gain, rtol=1e-4, atol=1e-5)
    assert len(gain.unique()) == 12


def test_read_only_arrays_are_copied() -> None:
    images = make_images(2)
    for array in (images.rgb, images.depth):
        array.flags.writeable = False
    assert batches.load(images, CPU).rgb.shape == (2, 4, 4, 3)


def test_weights_say_how_often_images_are_drawn() -> None:
    draws = np.array([2 / 3] * 1 + [1 / 9] * 3)  # a set of one image that gives two thirds, and one of three
    order = batches.order(4, Recipe(steps=30, batch_size=3), np.random.default_rng(0), draws)
    counts = np.bincount(order.ravel(), minlength=4)
    assert order.shape == (30, 3) and counts.tolist() == [60, 10, 10, 10]
    halves = [np.mean(order[part] == 0) for part in (slice(0, 15), slice(15, 30))]
    assert all(0.5 < half < 0.85 for half in halves)


def test_each_image_is_drawn_its_share_rounded_up_or_down() -> None:
    rng = np.random.default_rng(3)
    draws = rng.uniform(0.1, 5, 50)
    counts = np.bincount(batches.order(50, Recipe(steps=17, batch_size=4), rng, draws).ravel(), minlength=50)
    assert np.abs(counts - draws / draws.sum() * 68).max() < 1
