"""Scenes: a thing that the picture is of, others around it, a floor, walls or a sky, a light and a camera.

Photographs are mostly of something: it stands on a floor or a table, near the middle of the picture and nearer than
what is around it. A world of rooms and corridors alone, as in a game's maps, has it the other way round.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32

from nas.depth.data.things.skins import random_skin
from nas.depth.data.things.solids import Points, Solid, about_y, plate, random_thing

FAR = 60.0
"""How far an open floor reaches, in distances of the thing that the picture is of."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Camera:
    """height: above the floor. rotation: of camera axes (right, up, forward) into the world's. focal: in picture
    heights.
    """

    height: float
    rotation: Float32[np.ndarray, "3 3"]
    focal: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Light:
    """to_sun: unit vector. softness: how far shadows' borders spread, as an angle. ambient: what is not the sun's."""

    to_sun: Float32[np.ndarray, "3"]
    softness: float
    ambient: float
    colour: Float32[np.ndarray, "3"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scene:
    """sky: linear colours at the horizon and above."""

    solids: tuple[Solid, ...]
    camera: Camera
    light: Light
    sky: Float32[np.ndarray, "2 3"]


def random_scene(rng: np.random.Generator) -> Scene:
    """A scene whose first thing is at distance 1; the loss knows no scale."""
    height = rng.uniform(0.25, 1.0)  # of the thing; at distance 1 it fills a good part of the picture
    camera = _camera(height, rng)
    solids = list(_placed(height, 0.0, 1.0, rng))
    for _ in range(rng.integers(0, 9)):
        away = float(np.exp(rng.uniform(np.log(0.9), np.log(7.0))))
        side = rng.uniform(-0.9, 0.9) * away
        if abs(side) > 0.3 or away > 1.4:  # nothing stands inside the first
            solids += _placed(height * rng.uniform(0.3, 2.5), side, away, rng)
    solids += _surroundings(rng)
    return Scene(solids=tuple(solids), camera=camera, light=_light(rng), sky=_sky(rng))


def _placed(height: float, x: float, z: float, rng: np.random.Generator) -> list[Solid]:
    turn = about_y(rng.uniform(0, 2 * np.pi))
    at = np.array([x, 0, z], dtype=np.float32)
    return [solid.turned(turn).moved(at, scale=height) for solid in random_thing(rng)]


def _camera(height: float, rng: np.random.Generator) -> Camera:
    """It looks at the first thing, more or less."""
    eye = height * rng.uniform(0.3, 1.2) + rng.choice([0.0, rng.uniform(0.0, 0.9)])
    pitch = np.arctan2(eye - height * rng.uniform(0.2, 0.8), 1.0) + rng.normal(0, 0.08)
    yaw, roll = rng.normal(0, 0.1), rng.normal(0, 0.03)
    cos, sin = np.cos(pitch), np.sin(pitch)
    down = np.array([[1, 0, 0], [0, cos, -sin], [0, sin, cos]])
    rolled = np.array([[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]])
    turned = (about_y(yaw) @ down @ rolled).astype(np.float32)
    return Camera(height=float(eye), rotation=turned, focal=float(rng.uniform(0.75, 1.6)))


def _surroundings(rng: np.random.Generator) -> list[Solid]:
    """The floor; most often walls and a ceiling, of a room that is turned; else a plain with large things on it."""
    turn = about_y(rng.normal(0, 0.5))
    if rng.random() < 0.3:
        far = [_placed(rng.uniform(1.0, 6.0), x := rng.uniform(-20, 20), abs(x) + rng.uniform(5, 25), rng)
               for _ in range(rng.integers(0, 7))]  # fmt: skip
        return [_floor(FAR, FAR, rng), *(solid for thing in far for solid in thing)]
    left, right, back = (float(np.exp(rng.uniform(np.log(0.8), np.log(6.0)))) for _ in range(3))
    front, high = 3.0, rng.uniform(1.5, 4.0)
    back += 0.6
    walls = [_wall((-left, back), (right, back), high, rng)]
    walls += [_wall((-left, -front), (-left, back), high, rng)] if rng.random() < 0.6 else []
    walls += [_wall((right, back), (right, -front), high, rng)] if rng.random() < 0.6 else []
    ceiling = _corners((-left, high, -front), (right, high, -front), (right, high, back), (-left, high, back))
    walls.append(plate(ceiling, random_skin(rng)))
    return [_floor(FAR, back, rng).turned(turn), *(wall.turned(turn) for wall in walls)]


def _floor(wide: float, back: float, rng: np.random.Generator) -> Solid:
    corners = _corners((-wide, 0.0, -wide), (wide, 0.0, -wide), (wide, 0.0, back), (-wide, 0.0, back))
    return plate(corners, random_skin(rng, length=float(np.exp(rng.uniform(-1, 1)))))


def _wall(start: tuple[float, float], end: tuple[float, float], high: float, rng: np.random.Generator) -> Solid:
    """Upright between two places (x, z) on the floor."""
    (x, z), (u, w) = start, end
    return plate(_corners((x, 0.0, z), (u, 0.0, w), (u, high, w), (x, high, z)), random_skin(rng))


def _corners(*points: tuple[float, float, float]) -> Points:
    return np.array(points, dtype=np.float32)


def _light(rng: np.random.Generator) -> Light:
    towards = rng.normal(size=3) * (1, 0, 1) + (0, rng.uniform(0.5, 2.0), -0.3)
    return Light(
        to_sun=(towards / np.linalg.norm(towards)).astype(np.float32),
        softness=float(rng.uniform(0.02, 0.4)),
        ambient=float(rng.uniform(0.25, 0.8)),
        colour=(1 + rng.normal(0, 0.08, 3)).astype(np.float32),
    )


def _sky(rng: np.random.Generator) -> Float32[np.ndarray, "2 3"]:
    horizon = rng.uniform(0.4, 1.0) * np.array([1, 1, 1]) + rng.normal(0, 0.05, 3)
    above = horizon * (rng.uniform(0.3, 1.0), rng.uniform(0.5, 1.0), 1.0)
    return np.clip([horizon, above], 0, 1).astype(np.float32)
