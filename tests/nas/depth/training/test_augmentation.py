import numpy as np
import pytest
import torch

from nas.depth.training.augmentation import Augmentation, augmented
from nas.depth.training.batches import Batch

OFF = {
    "least_crop": 1.0, "stretch": 0.0, "shear": 0.0, "flip": 0.0, "foreign": 0.0, "occluder": 0.0, "blur": 0.0,
    "gamma": 0.0, "contrast": 0.0, "saturation": 0.0, "colour": 0.0, "noise": 0.0, "jpeg": 0.0,
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


def test_a_slanted_cut_out_keeps_each_pixels_truth() -> None:
    cut = changed(shear=0.2)
    assert (cut.rgb - batch().rgb).abs().max() > 0.02
    assert (cut.rgb[:, 1] - cut.log_disparity).abs().max() < 1.01 * 0.4 / 24
    lean = cut.rgb[:, 1].diff(dim=1).mean((1, 2)) - batch().rgb[:, 1].diff(dim=1).mean((1, 2))
    assert (lean > 0).any() and (lean < 0).any()  # what rises to the right now rises or falls downwards as well


def test_a_foreign_texture_changes_pixels_and_neither_shape_nor_truth() -> None:
    rng = np.random.default_rng(0)
    rough = torch.from_numpy(rng.uniform(0.3, 0.7, (8, 3, 24, 24)).astype(np.float32))
    plain = Batch(rgb=rough, log_disparity=rough[:, 0], valid=rough[:, 0] > 0)
    mixed = augmented(plain, Augmentation(**{**OFF, "foreign": 1.0}), np.random.default_rng(0))
    added = (mixed.rgb - rough)[:, :, 4:-4, 4:-4]
    assert added.abs().mean() > 0.02 and added.mean().abs() < 0.01
    torch.testing.assert_close(mixed.log_disparity, plain.log_disparity, rtol=0, atol=0)


def test_a_thing_in_front_is_nearer_than_all_that_it_covers() -> None:
    plain, covered = batch(), changed(occluder=1.0)
    for i in range(8):
        inside = covered.log_disparity[i] != plain.log_disparity[i]
        thing = covered.log_disparity[i][inside]
        assert inside.any() and len(thing.unique()) == 1
        assert thing[0] > plain.log_disparity[i][inside & plain.valid[i]].max() and covered.valid[i][inside].all()
        torch.testing.assert_close(covered.rgb[i][:, ~inside], plain.rgb[i][:, ~inside], rtol=0, atol=1e-5)


def test_nothing_is_put_in_front_of_what_has_no_known_depth() -> None:
    plain = batch()
    unknown = Batch(rgb=plain.rgb, log_disparity=plain.log_disparity, valid=torch.zeros_like(plain.valid))
    seen = augmented(unknown, Augmentation(**{**OFF, "occluder": 1.0}), np.random.default_rng(0))
    assert not seen.valid.any() and torch.isfinite(seen.log_disparity).all()


def test_noise_is_as_strong_as_is_said() -> None:
    differences = changed(noise=0.1).rgb - batch().rgb
    deviations = differences.std((1, 2, 3))
    assert deviations.max() < 0.11 and deviations.max() > 2 * deviations.min()
    assert differences.mean().abs() < 0.005


def test_a_jpeg_file_loses_a_little() -> None:
    rough = torch.from_numpy(np.random.default_rng(0).uniform(0, 1, (8, 3, 24, 24)).astype(np.float32))
    plain = Batch(rgb=rough, log_disparity=rough[:, 0], valid=rough[:, 0] > 0)
    kept = [
        augmented(plain, Augmentation(**{**OFF, "jpeg": 1.0, "least_quality": quality}), np.random.default_rng(0)).rgb
        for quality in (10.0, 90.0)
    ]
    worse, better = ((one - rough).abs().mean() for one in kept)
    assert 0 < better < worse < 0.4


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
        ({"jpeg": 2.0}, "jpeg is a probability, got 2.0"),
        ({"least_quality": 0.0}, "least_quality must be from 1 to 95, got 0.0"),
        ({"gamma": -0.1}, "gamma must not be below 0"),
    ],
)
def test_a_part_out_of_range_is_refused(given: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Augmentation(**given)
