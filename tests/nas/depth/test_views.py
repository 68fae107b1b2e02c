"""Depth in colours: any gauge of the truth looks like the truth, invalid pixels are grey, the card knows the arrays."""

import numpy as np
import pytest

from nas.depth.data import DepthImages
from nas.depth.metrics import per_image
from nas.depth.task_card import CARD
from nas.depth.views import INVALID_GREY, from_predictions, views

DEPTH = np.random.default_rng(0).uniform(2, 50, size=(2, 6, 8)).astype(np.float32)
RGB = np.random.default_rng(1).integers(0, 256, size=(2, 6, 8, 3)).astype(np.uint8)
OLD = {"rgb": RGB, "depth": DEPTH, "log_disparity": -np.log(DEPTH)}


def images(depth: np.ndarray = DEPTH) -> DepthImages:
    return DepthImages(rgb=RGB, depth=depth, group=("", ""))


def test_they_are_the_arrays_that_the_card_tells_of() -> None:
    assert CARD.pictures is not None
    names = [*(view.name for view in CARD.pictures.views), *CARD.pictures.metrics]
    found = views(images(), -np.log(DEPTH))
    assert list(found) == names and {len(array) for array in found.values()} == {2}


def test_a_prediction_in_another_gauge_looks_like_the_truth() -> None:
    found = views(images(), (3 - 2 * np.log(DEPTH)).astype(np.float32))
    assert np.abs(found["true"].astype(int) - found["predicted"]).max() <= 2
    np.testing.assert_allclose(found["delta1"], 1.0)
    np.testing.assert_allclose(found["abs_rel"], 0.0, atol=1e-5)


def test_images_and_metrics_are_passed_on_as_they_are() -> None:
    prediction = np.random.default_rng(2).normal(size=DEPTH.shape)
    found, metrics = views(images(), prediction), per_image(prediction, images())
    np.testing.assert_array_equal(found["image"], RGB)
    np.testing.assert_array_equal(found["delta1"], metrics.delta1)
    np.testing.assert_array_equal(found["abs_rel"], metrics.abs_rel)


def test_invalid_pixels_are_grey_in_truth_and_prediction() -> None:
    depth = DEPTH.copy()
    depth[:, 0, 0] = [np.nan, 0]
    found = views(images(depth), -np.log(DEPTH))
    for pixels in (found["true"], found["predicted"]):
        assert (pixels[:, 0, 0] == INVALID_GREY).all() and not (pixels[:, -1, -1] == INVALID_GREY).all()


def test_predictions_that_an_earlier_version_kept_give_the_same() -> None:
    expected = views(images(), -np.log(DEPTH))
    for name, array in from_predictions(OLD).items():
        np.testing.assert_array_equal(array, expected[name])


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"rgb": RGB[:1]}, "its shapes do not agree"),
        ({"rgb": RGB.astype(np.float32)}, "it must hold uint8, float32, float32, not float32"),
        ({"log_disparity": np.zeros((2, 6, 7), np.float32)}, "its shapes do not agree"),
        ({"log_disparity": np.full((2, 6, 8), np.nan, np.float32)}, "predictions must be finite"),
        ({"depth": np.zeros((2, 6, 8), np.float32)}, "every image needs a valid depth pixel"),
    ],
)
def test_those_that_do_not_fit_are_refused(arrays: dict[str, np.ndarray], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        from_predictions({**OLD, **arrays})
