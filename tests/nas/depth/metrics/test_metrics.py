import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nas.depth.data import DepthImages
from nas.depth.metrics.baselines import constant_map, mean_map
from nas.depth.metrics.metrics import align, per_image, score


def images_of(depth: np.ndarray) -> DepthImages:
    depth = depth.astype(np.float32)
    return DepthImages(rgb=np.zeros((*depth.shape, 3), dtype=np.uint8), depth=depth, group=("a",) * len(depth))


def random_depth(seed: int = 0, num: int = 3) -> np.ndarray:
    return np.exp(np.random.default_rng(seed).normal(1, 0.7, (num, 6, 5)))


def noisy(depth: np.ndarray, seed: int = 1) -> np.ndarray:
    return -np.log(depth) + np.random.default_rng(seed).normal(0, 0.4, depth.shape)


@given(st.floats(0.05, 20), st.floats(-5, 5))
def test_any_affine_gauge_of_the_truth_is_perfect(scale: float, shift: float) -> None:
    depth = random_depth()
    metrics = score(scale * -np.log(depth) + shift, images_of(depth))
    assert metrics.delta1 == 1
    assert metrics.error == 0
    assert metrics.abs_rel == pytest.approx(0, abs=1e-5)
    assert metrics.rmse == pytest.approx(0, abs=1e-4)
    assert metrics.si_log_rmse == pytest.approx(0, abs=1e-5)


def test_a_constant_by_hand() -> None:
    """Depths 1 and 4 seen as constant: aligned to their geometric mean, 2."""
    metrics = score(np.zeros((1, 1, 2)), images_of(np.array([[[1.0, 4.0]]])))
    assert metrics.delta1 == 0
    assert metrics.abs_rel == pytest.approx((1 + 0.5) / 2)
    assert metrics.rmse == pytest.approx(np.sqrt((1 + 4) / 2))
    assert metrics.si_log_rmse == pytest.approx(np.log(2))


def test_an_imperfect_prediction_by_hand() -> None:
    """With log z = 0, -1, -2 and p = 0, 2, 1: a = 0.5 and b = 0.5, so log aligned = -0.5, -1.5, -1."""
    depth = np.exp([[[0.0, -1.0, -2.0]]])
    metrics = score(np.array([[[0.0, 2.0, 1.0]]]), images_of(depth))
    ratio = np.exp([-0.5, -0.5, 1.0])
    assert metrics.delta1 == 0
    assert metrics.abs_rel == pytest.approx(np.abs(ratio - 1).mean(), rel=1e-6)
    assert metrics.rmse == pytest.approx(np.sqrt((((ratio - 1) * depth) ** 2).mean()), rel=1e-6)
    assert metrics.si_log_rmse == pytest.approx(np.sqrt(0.5), rel=1e-6)


def test_delta1_counts_pixels_within_a_quarter() -> None:
    log_ratio = np.log([1.2, 1 / 1.2, 1.3, 1 / 1.3])
    pattern = np.array([1.0, 1.0, -1.0, -1.0])  # neither it nor the constant explains any of log_ratio
    depth = np.exp(10 * pattern)[None, None]
    prediction = (-np.log(depth) - log_ratio)[0, 0]
    assert score(prediction[None, None], images_of(depth)).delta1 == 0.5


def test_upside_down_is_worth_a_constant() -> None:
    depth = random_depth()
    assert score(np.log(depth), images_of(depth)) == score(np.zeros_like(depth), images_of(depth))


def test_alignment_is_least_squares() -> None:
    depth = random_depth(num=1)
    prediction = noisy(depth)
    aligned = align(prediction, -np.log(depth), np.ones(depth.shape, dtype=bool))
    design = np.stack([prediction.ravel(), np.ones(depth.size)], axis=1)
    best = design @ np.linalg.lstsq(design, -np.log(depth).ravel(), rcond=None)[0]
    np.testing.assert_allclose(aligned.ravel(), best, rtol=1e-9)


@given(st.floats(0.01, 100))
def test_the_unit_of_depth_changes_rmse_alone(unit: float) -> None:
    depth = random_depth()
    metre, other = score(noisy(depth), images_of(depth)), score(noisy(depth), images_of(depth * unit))
    assert other.delta1 == pytest.approx(metre.delta1, abs=0.02)  # a pixel may lie on the edge
    assert other.abs_rel == pytest.approx(metre.abs_rel, rel=1e-4)
    assert other.si_log_rmse == pytest.approx(metre.si_log_rmse, rel=1e-4)
    assert other.rmse == pytest.approx(metre.rmse * unit, rel=1e-4)


@pytest.mark.parametrize("invalid", [0.0, -3.0, np.nan, np.inf])
def test_masked_pixels_have_no_influence(invalid: float) -> None:
    depth = random_depth()
    prediction = noisy(depth)
    masked = np.where(np.random.default_rng(2).random(depth.shape) < 0.3, invalid, depth)
    masked[:, 0, 0] = depth[:, 0, 0]
    images = images_of(masked)
    wild = np.where(images.valid, prediction, 1e6)
    assert score(wild, images) == score(prediction, images)
    assert score(np.where(images.valid, prediction, np.nan), images) == score(prediction, images)


def test_images_count_alike_however_many_pixels_they_have() -> None:
    depth = random_depth(num=2)
    depth[1, 1:] = 0
    prediction = noisy(np.where(depth > 0, depth, 1))
    each = per_image(prediction, images_of(depth))
    assert score(prediction, images_of(depth)).abs_rel == pytest.approx(each.abs_rel.mean())
    alone = score(prediction[1:, :1], images_of(depth[1:, :1]))
    assert each.abs_rel[1] == pytest.approx(alone.abs_rel)


def test_what_cannot_be_scored_is_named() -> None:
    depth = random_depth()
    depth[2] = np.nan
    with pytest.raises(ValueError, match="image 2 has none"):
        score(np.zeros_like(depth), images_of(depth))
    with pytest.raises(ValueError, match="must be finite, image 1 has"):
        score(np.array([[[1.0]], [[np.nan]]]), images_of(np.ones((2, 1, 1))))
    with pytest.raises(ValueError, match="at least one image, got 0"):
        score(np.zeros((0, 1, 1)), images_of(np.ones((0, 1, 1))))


def test_the_mean_map_is_the_mean_of_centred_logs() -> None:
    train = images_of(np.exp([[[0.0, 2.0]], [[3.0, 3.0]]]))
    np.testing.assert_allclose(mean_map(train, train), [[[0.5, -0.5]]] * 2, atol=1e-6)


def test_the_mean_map_ignores_invalid_pixels_and_survives_a_pixel_without_any() -> None:
    depth = np.exp([[[0.0, 2.0, 9.0]], [[1.0, 5.0, 9.0]]])
    depth[..., 2] = np.nan
    depth[1, 0, 1] = 0
    train = images_of(depth)
    np.testing.assert_allclose(mean_map(train, train)[0], [[(1.0 + 0.0) / 2, -1.0, 0.0]], atol=1e-6)


def test_the_mean_map_is_perfect_where_all_images_are_one() -> None:
    images = images_of(np.repeat(random_depth(num=1), 3, axis=0))
    assert score(mean_map(images, images), images).delta1 == 1
    assert score(constant_map(images), images).delta1 < 0.5
