import numpy as np
import pytest
import torch

from nas.depth.training.augmentation import Augmentation, augmented
from nas.depth.training.batches import Batch

OFF = {
    "least_crop": 1.0, "stretch": 0.0, "flip": 0.0, "blur": 0.0, "gamma": 0.0, "contrast": 0.0, "saturation": 0.0,
    "colour": 0.0,
}  # fmt: skip


def batch(number: int = 8, size: int = 24) -> Batch:
    """Smooth pictures whose green is their truth, with a hole in each."""
    rng = np.random.default_rng(0)
    rows, columns = np.meshgrid(np.linspace(0, 1, size), np.linspace(0, 1, size), indexing="ij")
    slopes = rng.uniform(0.2, 0.4, (number, 2, 1, 1))
    green = 0.1 + slopes[:, 0] * rows + slopes[:, 1] * columns
    rgb = torch.from_numpy(np.stack([green * 0 + 0.3, green, green * 0 + 0.6], axis=1).astype(np.float32))
    valid = torch.ones(number, size, size, dtype=torch.bool)
    valid[:, :4, :4] = False
    return Batch(rgb=rgb, log_disparity=rgb[:, 1].clone(), valid=valid)


def changed(seed: int = 0, **given: float) -> Batch:
    return augmented(batch(), Augmentation(**{**OFF, **given}), np.random.default_rng(seed))


def test_switched_off_it_changes_nothing() -> None:
    plain, same = batch(), changed()
    torch.testing.assert_close(same.rgb, plain.rgb, rtol=0, atol=1e-5)
    torch.testing.assert_close(same.log_disparity, plain.log_disparity, rtol=0, atol=0)
    assert torch.equal(same.valid, plain.valid)


def test_a_mirrored_picture_has_its_truth_mirrored() -> None:
    plain, mirrored = batch(), changed(flip=1.0)
    torch.testing.assert_close(mirrored.rgb, plain.rgb.flip(3), rtol=0, atol=1e-5)
    torch.testing.assert_close(mirrored.log_disparity, plain.log_disparity.flip(2), rtol=0, atol=0)
    assert torch.equal(mirrored.valid, plain.valid.flip(2))


def test_a_cut_out_keeps_each_pixels_truth() -> None:
    cut = changed(least_crop=0.4, stretch=0.3, flip=0.5)
    assert (cut.rgb - batch().rgb).abs().max() > 0.05
    slope = 0.4 / 24  # of green from pixel to pixel: the truth is the nearest pixel's
    assert (cut.rgb[:, 1] - cut.log_disparity).abs().max() < 1.01 * slope
    shares = (~cut.valid).double().mean((1, 2))
    assert shares.max() > 1.3 * 16 / 24**2 and shares.min() < 16 / 24**2  # holes grow, or are cut off


@pytest.mark.parametrize("part", ["gamma", "contrast", "saturation", "colour"])
def test_colour_changes_and_truth_does_not(part: str) -> None:
    plain, coloured = batch(), changed(**{part: 0.3})
    assert (coloured.rgb - plain.rgb).abs().max() > 0.02
    assert coloured.rgb.min() >= 0 and coloured.rgb.max() <= 1
    torch.testing.assert_close(coloured.log_disparity, plain.log_disparity, rtol=0, atol=0)


def test_a_blur_spreads_a_point_and_keeps_its_sum() -> None:
    point = torch.zeros(8, 3, 15, 15)
    point[:, :, 7, 7] = 1
    dark = Batch(rgb=point, log_disparity=point[:, 0], valid=point[:, 0] > 2)
    blurred = augmented(dark, Augmentation(**{**OFF, "blur": 1.0}), np.random.default_rng(0)).rgb
    torch.testing.assert_close(blurred.sum((2, 3)), torch.ones(8, 3), rtol=1e-4, atol=1e-4)
    assert (blurred[:, :, 7, 7] < 0.999).any() and len(blurred[:, 0, 7, 7].unique()) > 4
    torch.testing.assert_close(blurred, blurred.transpose(2, 3), rtol=0, atol=1e-6)


def test_the_same_seed_gives_the_same_pictures_and_another_does_not() -> None:
    first, second, other = (
        augmented(batch(), Augmentation(blur=1.0), np.random.default_rng(seed)) for seed in (0, 0, 1)
    )
    assert torch.equal(first.rgb, second.rgb) and torch.equal(first.log_disparity, second.log_disparity)
    assert not torch.equal(first.rgb, other.rgb)
    assert first.rgb.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"least_crop": 0.0}, r"least_crop must be in \(0, 1\], got 0\.0; 1 switches it off"),
        ({"flip": 1.5}, "flip is a probability, got 1.5"),
        ({"gamma": -0.1}, "gamma must not be below 0"),
    ],
)
def test_a_part_out_of_range_is_refused(given: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Augmentation(**given)
