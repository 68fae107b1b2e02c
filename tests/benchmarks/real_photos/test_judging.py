"""The benchmark's figures against those of `nas.depth.metrics`, on a made picture."""

import numpy as np
import pytest

from benchmarks.real_photos.judging import judge
from benchmarks.real_photos.report import report
from nas.depth.data import DepthImages
from nas.depth.metrics import per_image

SHAPE = (48, 64)


def made() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    depth = np.linspace(9, 2, SHAPE[0])[:, None] * rng.uniform(0.7, 1.4, SHAPE)
    depth[:5] = np.nan
    return rng.integers(0, 256, (*SHAPE, 3), dtype=np.uint8), depth.astype(np.float32)


def test_figures_are_those_of_the_metrics_and_truth_is_perfect() -> None:
    rgb, depth = made()
    mean = np.linspace(0, 1, SHAPE[0], dtype=np.float32)[:, None].repeat(SHAPE[1], axis=1)
    true = -np.log(np.where(np.isfinite(depth), depth, 1))
    photo = judge("made", (rgb, depth), lambda _: 3 * true + 1, mean)
    images = DepthImages(rgb=rgb[None], depth=depth[None], group=("made",))
    for key, prediction in (("constant", np.zeros_like(mean)), ("mean map", mean)):
        wanted = per_image(prediction[None], images)
        assert photo.figure(key, "abs_rel") == pytest.approx(wanted.abs_rel[0])
        assert photo.figure(key, "delta1") == pytest.approx(wanted.delta1[0])
    assert photo.figure("network", "abs_rel") == pytest.approx(0, abs=1e-5) and photo.figure("network", "delta1") == 1
    low, high = photo.difference("abs_rel", "mean map", np.random.default_rng(0))
    assert low < photo.figure("network", "abs_rel") - photo.figure("mean map", "abs_rel") < high < 0


def test_a_network_that_is_worse_does_not_beat_both() -> None:
    rgb, depth = made()
    rows = np.linspace(0, 1, SHAPE[0], dtype=np.float32)[:, None].repeat(SHAPE[1], axis=1)
    better = judge("good", (rgb, depth), lambda _: rows, -rows)
    worse = judge("bad", (rgb, depth), lambda _: -rows, rows)
    shown, record = report([better], np.random.default_rng(0))
    assert record["abs_rel"]["beats_both"] and any("beats both" in row[2] for row in shown)
    assert not report([worse], np.random.default_rng(0))[1]["delta1"]["beats_both"]
