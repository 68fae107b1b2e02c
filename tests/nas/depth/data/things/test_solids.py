"""Solids and things: where they stand, and that their triangles face outwards."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("trimesh", reason="makes the solids")

from nas.depth.data.things.skins import Skin, random_skin
from nas.depth.data.things.solids import KINDS, Solid, about_y, grown, heap, random_thing, rotation, standing, table
from nas.depth.data.things.solids import _solid as solid

PLAIN = random_skin(np.random.default_rng(0))


def volume(of: Solid) -> float:
    """By the divergence theorem: negative where triangles face inwards."""
    a, b, c = (of.vertices[of.faces[:, i]].astype(np.float64) for i in range(3))
    return float((a * np.cross(b, c)).sum() / 6)


@pytest.mark.parametrize("kind", sorted(set(KINDS)))
def test_a_solid_has_its_sides_and_faces_outwards(kind: str) -> None:
    made = solid(kind, np.array([1.0, 2.0, 3.0]), PLAIN, np.random.default_rng(0), straight=True)
    np.testing.assert_allclose(np.ptp(made.vertices, axis=0), [1, 2, 3], rtol=1e-5)
    assert volume(made) > 0
    assert volume(made.mirrored()) == pytest.approx(volume(made), rel=1e-5)
    assert volume(made.turned(rotation(np.random.default_rng(1)))) == pytest.approx(volume(made), rel=1e-4)


def test_a_box_holds_what_a_box_holds() -> None:
    box = solid("box", np.array([1.0, 2.0, 3.0]), PLAIN, np.random.default_rng(0), straight=True)
    assert volume(box) == pytest.approx(6, rel=1e-5)
    moved = box.moved(np.array([5, 0, 0], dtype=np.float32), scale=2.0)
    assert volume(moved) == pytest.approx(48, rel=1e-4)
    np.testing.assert_array_equal(moved.local, box.local)  # the skin stays on it


def test_a_rotation_is_one() -> None:
    for made in (rotation(np.random.default_rng(2)), about_y(0.7)):
        np.testing.assert_allclose(made @ made.T, np.eye(3), atol=1e-6)
        assert np.linalg.det(made) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("maker", [grown, heap, table, random_thing])
def test_a_thing_stands_on_the_floor(maker) -> None:  # type: ignore[no-untyped-def]
    for seed in range(6):
        thing = standing(maker(np.random.default_rng(seed)), height=0.8)
        every = np.concatenate([one.vertices for one in thing])
        assert every[:, 1].min() == pytest.approx(0, abs=1e-5)
        assert every[:, 1].max() == pytest.approx(0.8, abs=1e-5)


def test_a_skin_mixes_its_two_colours() -> None:
    points = np.random.default_rng(0).normal(size=(500, 3)).astype(np.float32)
    colours = np.array([[0, 0, 0], [1, 1, 1]], dtype=np.float32)
    striped = Skin(
        colours=colours, waves=np.eye(3, dtype=np.float32), phases=np.zeros(3, dtype=np.float32), hardness=9.0
    )
    seen = striped.at(points)
    assert seen.min() < 0.05
    assert seen.max() > 0.95
    plain = replace(striped, waves=np.zeros((0, 3), dtype=np.float32), phases=np.zeros(0, dtype=np.float32))
    np.testing.assert_array_equal(plain.at(points), np.zeros((500, 3)))
