"""Rendering: depth against closed forms, shadows where they fall, the same picture for the same seed."""

import numpy as np
import pytest

pytest.importorskip("trimesh", reason="makes the solids")
pytest.importorskip("embreex", reason="traces the rays")

from nas.depth.data.things.scenes import Camera, Light, Scene, random_scene
from nas.depth.data.things.skins import Skin
from nas.depth.data.things.solids import Solid, _solid, plate
from nas.depth.data.things.tracing import traced

SIZE = (48, 64)
HEIGHT = 0.5


def white() -> Skin:
    none = np.zeros((0, 3), dtype=np.float32)
    return Skin(colours=np.ones((2, 3), dtype=np.float32), waves=none, phases=none[:, 0], hardness=1.0)


def floor() -> Solid:
    corners = np.array([[-9, 0, -9], [9, 0, -9], [9, 0, 9], [-9, 0, 9]], dtype=np.float32)
    return plate(corners, white())


def ball(x: float, y: float, z: float, *, diameter: float) -> Solid:
    made = _solid("ball", np.full(3, diameter), white(), np.random.default_rng(0), straight=True)
    return made.moved(np.array([x, y, z], dtype=np.float32))


def scene(*solids: Solid, to_sun: tuple[float, float, float] = (0, 1, 0)) -> Scene:
    return Scene(
        solids=solids,
        camera=Camera(height=HEIGHT, rotation=np.eye(3, dtype=np.float32), focal=1.0),
        light=Light(
            to_sun=np.array(to_sun, dtype=np.float32),
            softness=0.0,
            ambient=0.3,
            colour=np.ones(3, dtype=np.float32),
        ),
        sky=np.full((2, 3), 0.5, dtype=np.float32),
    )


def test_a_floor_is_as_far_as_it_is_and_the_sky_is_behind_it() -> None:
    _, depth = traced(scene(floor()), SIZE, np.random.default_rng(0))
    below = (np.arange(SIZE[0]) + 0.5 - SIZE[0] / 2) / SIZE[0]
    near = (below > 0) & (HEIGHT / np.where(below > 0, below, 1) < 9)
    expected = np.broadcast_to((HEIGHT / below[near])[:, None], (near.sum(), SIZE[1]))
    np.testing.assert_allclose(depth[near], expected, rtol=1e-4)
    assert np.unique(depth[below < 0]).size == 1
    assert depth[0, 0] > depth[near].max()


def test_depth_is_planar() -> None:
    corners = np.array([[-9, -9, 2], [9, -9, 2], [9, 9, 2], [-9, 9, 2]], dtype=np.float32)
    _, depth = traced(scene(plate(corners, white())), SIZE, np.random.default_rng(0))
    np.testing.assert_allclose(depth, 2.0, rtol=1e-5)


def test_a_ball_is_nearest_in_its_middle_and_hides_what_is_behind() -> None:
    _, depth = traced(scene(floor(), ball(0, HEIGHT, 2, diameter=1)), SIZE, np.random.default_rng(0))
    middle = depth[SIZE[0] // 2, SIZE[1] // 2]
    assert middle == pytest.approx(1.5, abs=0.01)
    assert middle == np.nanmin(depth[: SIZE[0] // 2 + 2])


def test_a_shadow_lies_where_the_sun_is_hidden() -> None:
    thing = ball(0, 1.6, 2, diameter=0.8)  # above what the picture shows
    lit, _ = traced(scene(floor()), SIZE, np.random.default_rng(0))
    shaded, depth = traced(scene(floor(), thing), SIZE, np.random.default_rng(0))
    row = int(np.nanargmin(np.abs(depth[:, SIZE[1] // 2] - 2)))
    under, beside = shaded[row, SIZE[1] // 2].mean(), shaded[row, 2].mean()
    assert under < 0.8 * beside
    assert lit[row, SIZE[1] // 2].mean() == pytest.approx(lit[row, 2].mean(), rel=0.15)


def test_a_random_scene_shows_its_thing_before_the_rest() -> None:
    first, again = (traced(random_scene(rng), SIZE, rng) for rng in (np.random.default_rng(3) for _ in range(2)))
    np.testing.assert_array_equal(first[0], again[0])
    np.testing.assert_array_equal(first[1], again[1])
    nearer = 0
    for seed in range(20):
        rng = np.random.default_rng((1, seed))
        _, depth = traced(random_scene(rng), SIZE, rng)
        middle = np.nanmedian(depth[16:40, 20:44])
        nearer += bool(middle < np.nanmedian(depth[:16]))
    assert nearer >= 14
