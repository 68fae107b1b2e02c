"""Layers and mesh: what is hidden lies behind, nothing is torn where nothing is cut, at rest all is covered."""

import numpy as np
import pytest
from jaxtyping import Float32

pytest.importorskip("cv2", reason="pip install 'chamnas[pictures]'")

from nas.pictures.photo.filling import hidden_colours, push_pull  # they import OpenCV
from nas.pictures.photo.layers import Layers, layers_of
from nas.pictures.photo.mesh import Mesh, mesh_of
from nas.pictures.photo.parallax import SPECK, Parallax, parallax_of, stepped, without_specks
from tests.nas.pictures.photo.scene import View, rendered


def steps() -> Parallax:
    """A near block before a far wall; its sides are steps."""
    values = np.zeros((64, 100), np.float32)
    values[12:52, 40:70] = 1
    return Parallax(values=values, ratio=3.0)


def area(mesh: Mesh, triangles: np.ndarray) -> float:
    """At rest."""
    a, b, c = (np.stack([mesh.x, mesh.y], 1)[triangles[:, i]].astype(float) for i in range(3))
    return float(np.abs((b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]).sum() / 2)


def stretches(mesh: Mesh, parallax: Parallax) -> np.ndarray:
    """Of every side of every triangle: change of length along either axis at full travel, by its length."""
    ends = [mesh.triangles[:, [i, (i + 1) % 3]] for i in range(3)]
    a, b = np.concatenate(ends).T
    length = np.maximum(np.abs(mesh.x[a] - mesh.x[b]), np.abs(mesh.y[a] - mesh.y[b]))
    return np.abs(mesh.parallax[a] - mesh.parallax[b]) * parallax.travel / length


def test_the_far_side_goes_on_behind_the_near_one_and_no_further_than_is_seen() -> None:
    parallax = steps()
    layers = layers_of(parallax, 2)
    hidden = layers.exists[1]
    block = np.pad(parallax.values, 2, mode="edge") > 0.5
    assert len(layers.values) == 2 and layers.cut == 1 / 4
    assert not hidden[~block].any(), "nothing grows before the far side, or behind what nothing hides"
    assert (layers.values[1][hidden] == 0).all() and hidden.sum() > 0
    middle = hidden[34, 42:72]  # a row of the block: grown from either side, by twice the travel and the spare cells
    assert middle[:10].all() and middle[-10:].all() and not middle[11:-11].any()


def test_a_smooth_surface_is_one_layer_without_a_crack() -> None:
    y, x = np.mgrid[0:48, 0:90]
    values = ((np.sin(x / 20) + np.cos(y / 15)) / 4 + 0.5).astype(np.float32)
    mesh = mesh_of(layers_of(Parallax(values=values, ratio=2.0), 3))
    sides = np.sort(np.concatenate([mesh.triangles[:, [i, (i + 1) % 3]] for i in range(3)]), axis=1)
    found, count = np.unique(sides, axis=0, return_counts=True)
    border = [
        ((mesh.x[a] == mesh.x[b]) and mesh.x[a] in (0, 96)) or ((mesh.y[a] == mesh.y[b]) and mesh.y[a] in (0, 54))
        for a, b in found[count == 1]
    ]
    assert set(count) == {1, 2} and all(border), "a side that only one triangle has is a crack"
    assert set(mesh.layer) == {0} and area(mesh, mesh.triangles) == 54 * 96
    assert len(mesh.triangles) < 0.5 * 2 * 54 * 96, "what is plain is drawn as larger squares"


def test_at_rest_the_front_covers_all_once_and_nothing_is_stretched() -> None:
    colours, log_disparity = rendered(View())
    parallax = parallax_of(log_disparity, colours)
    layers = layers_of(parallax, 4)
    mesh = mesh_of(layers)
    _, height, width = layers.values.shape
    assert area(mesh, mesh.triangles[: mesh.num_front]) == height * width
    assert area(mesh, mesh.triangles[mesh.num_front :]) == pytest.approx(layers.exists[1:].sum(), rel=0.2)
    assert (mesh.layer[mesh.triangles[: mesh.num_front]] == 0).all()
    assert stretches(mesh, parallax).max() < 1.2


def test_hidden_surfaces_lie_behind_the_front() -> None:
    rng = np.random.default_rng(0)
    blocks = rng.random((6, 9)).repeat(8, 0).repeat(8, 1).astype(np.float32)
    layers = layers_of(Parallax(values=blocks, ratio=4.0), 3)
    assert len(layers.values) > 2, "surfaces at several distances pass behind each other"
    for hidden in layers.values[1:]:
        there = ~np.isnan(hidden)
        assert (hidden[there] < layers.values[0][there]).all()


def test_blurred_edges_become_steps_and_slopes_stay() -> None:
    row = np.clip((np.arange(60, dtype=np.float32) - 27) / 6, 0, 1)  # 6 cells wide
    found = stepped(np.tile(row, (20, 1)), 0.1)
    assert set(np.unique(found)) == {0, 1}
    slope = np.tile(np.linspace(0, 1, 60, dtype=np.float32), (20, 1))
    assert np.abs(stepped(slope, 0.1) - slope).max() < 0.02


def test_a_rim_that_has_the_near_sides_colour_goes_with_it() -> None:
    values = np.zeros((30, 40), np.float32)
    values[:, 20:] = np.log(3)
    colours = np.where(np.arange(40)[None, :, None] >= 19, (200, 40, 40), (40, 40, 200)).astype(np.uint8)
    found = parallax_of(values, colours.repeat(30, 0)).values
    assert (found[:, 19] == 1).all() and (found[:, 18] == 0).all()
    pure = parallax_of(values, np.roll(colours, 1, 1).repeat(30, 0)).values
    assert (pure[:, 20] == 1).all() and (pure[:, 19] == 0).all()


def test_the_parallax_of_known_disparity() -> None:
    colours, log_disparity = rendered(View())
    found = parallax_of(log_disparity, colours)
    truth = (np.exp(log_disparity) - 1) / 2
    assert np.abs(found.values - truth).mean() < 0.01 and abs(found.ratio - 3) < 0.05
    flat = parallax_of(np.full_like(log_disparity, 7.0), colours)
    assert flat.ratio == 1 and not flat.values.any()
    deep = parallax_of((1e3 * log_disparity).astype(np.float32), colours)
    assert deep.ratio == pytest.approx(8)


def test_push_pull_keeps_what_is_known_and_stays_between() -> None:
    rng = np.random.default_rng(0)
    colours = rng.uniform(10, 20, (33, 50, 3)).astype(np.float32)
    known = rng.random((33, 50)) < 0.1
    filled = push_pull(colours, known)
    assert np.allclose(filled[known], colours[known], atol=1e-3)
    assert filled.min() >= 10 - 1e-2 and filled.max() <= 20 + 1e-2
    flat: Float32[np.ndarray, "h w 3"] = np.full((33, 50, 3), 7, np.float32)
    assert np.allclose(push_pull(flat, known), 7, atol=1e-3)


def test_what_is_hidden_has_the_far_sides_colours() -> None:
    parallax = steps()
    layers: Layers = layers_of(parallax, 0)
    colours = np.where(parallax.values[..., None] > 0.5, (255, 0, 0), (0, 0, 255)).astype(np.uint8)
    (found,) = hidden_colours(layers, colours)
    assert (found[layers.exists[1]] == (0, 0, 255)).all()


def test_where_more_surfaces_meet_than_there_are_layers_the_farthest_is_there() -> None:
    row = np.zeros(200, np.float32)
    row[:60] = 1
    row[60:64] = (0.86, 0.72, 0.58, 0.44)  # a slope that was made steps, each a surface of its own
    parallax = Parallax(values=np.tile(row, (40, 1)), ratio=3.0)
    layers = layers_of(parallax, 2)
    behind = np.nanmin(layers.values[1:, 20, 2 + 55 : 2 + 60], axis=0)  # of the near side, where an eye can come to see
    assert (behind == 0).all()


def test_specks_go_with_what_is_around_them_and_thin_things_stay() -> None:
    rng = np.random.default_rng(0)
    clean = np.zeros((60, 80), np.float32)
    clean[:, 40:] = 1
    clean[:, 10] = 0.5  # a pole
    noisy = clean.copy()
    noisy[rng.integers(0, 60, 40), rng.integers(12, 80, 40)] = rng.uniform(0.2, 0.8, 40)
    found = without_specks(noisy, cut=0.1)
    assert (found == clean).mean() > 0.99
    np.testing.assert_array_equal(found[:, 10], clean[:, 10])
    few = np.arange(SPECK - 1, dtype=np.float32).reshape(1, -1)
    np.testing.assert_array_equal(without_specks(few, cut=0.1), few)  # nothing large: nothing to go with
