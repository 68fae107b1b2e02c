"""Solids and what is put together from them: things that stand on a floor.

A thing begins with one solid. Others are set onto the surface of those that are there, each smaller than what it is set
onto, singly or in mirrored pairs: what comes out is like a creature, a plant, a lamp or a heap, and like no real one.
Tables carry things. Lengths have no unit; y points up.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TypeVar

import numpy as np
from jaxtyping import Float32, Int32

from nas.depth.data.things.library import trimesh_module
from nas.depth.data.things.skins import Skin, random_skin

T = TypeVar("T")
Points = Float32[np.ndarray, "v 3"]

MIRROR = np.array([-1, 1, 1], dtype=np.float32)
SMOOTH = ("ball", "capsule")
KINDS = ("ball", "ball", "capsule", "box", "box", "cylinder", "cone", "ring")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Solid:
    """Triangles with a skin.

    Attributes:
      local: the vertices as they were before the solid was placed; its skin is laid out on them.
      smooth: light falls on it as on a curved surface, not as on flat triangles.
    """

    vertices: Points
    faces: Int32[np.ndarray, "f 3"]
    local: Points
    skin: Skin
    smooth: bool

    def moved(self, by: Float32[np.ndarray, "3"], *, scale: float = 1.0) -> "Solid":
        return replace(self, vertices=self.vertices * np.float32(scale) + by)

    def turned(self, rotation: Float32[np.ndarray, "3 3"]) -> "Solid":
        return replace(self, vertices=self.vertices @ rotation.T)

    def mirrored(self) -> "Solid":
        """At x = 0; its triangles keep facing outwards."""
        return replace(self, vertices=self.vertices * MIRROR, faces=self.faces[:, ::-1])


Thing = tuple[Solid, ...]


def random_thing(rng: np.random.Generator) -> Thing:
    """A thing of height 1 that stands on y = 0 around the origin."""
    makers: tuple[Callable[[np.random.Generator], Thing], ...] = (grown, grown, grown, heap, table)
    return standing(makers[rng.integers(len(makers))](rng), height=1.0)


def standing(thing: Thing, *, height: float) -> Thing:
    """The thing, moved and scaled so that it stands on y = 0 over the origin, so high."""
    every = np.concatenate([solid.vertices for solid in thing])
    low, high = every.min(axis=0), every.max(axis=0)
    scale = height / float(high[1] - low[1])
    foot = np.array([(low[0] + high[0]) / 2, low[1], (low[2] + high[2]) / 2], dtype=np.float32)
    return tuple(solid.moved(np.float32(-scale) * foot, scale=scale) for solid in thing)


def grown(rng: np.random.Generator) -> Thing:
    """One solid and what grows out of it; of one skin, or of several."""
    skins = [random_skin(rng) for _ in range(1 + rng.integers(3))]
    many = rng.random() < 0.25  # leaves, spines
    kinds = [str(rng.choice(KINDS)) for _ in range(1 if many else 3)]
    upright = np.exp(np.array([0.0, rng.normal(0.2, 0.5), 0.0]))  # as a person is, or a loaf
    solids = [_solid("ball" if many else kinds[0], rng.uniform(0.4, 1.0, 3) * upright, _drawn(skins, rng), rng)]
    reach = rng.uniform(0.8, 2.5) if many else 1.0
    for _ in range(int(rng.integers(8, 25) if many else rng.integers(0, 9))):
        parent = solids[0] if many else solids[rng.integers(len(solids))]
        size = float(np.ptp(parent.vertices, axis=0).mean()) * rng.uniform(0.25, 0.75)
        shape = (rng.uniform(0.08, 0.3), reach, rng.uniform(0.15, 0.5)) if many else rng.uniform(0.3, 1.0, 3)
        child = _solid(_drawn(kinds, rng), size * np.asarray(shape), _drawn(skins, rng), rng).turned(rotation(rng))
        child = child.moved(parent.vertices[rng.integers(len(parent.vertices))])
        solids += [child, child.mirrored()] if not many and rng.random() < 0.5 else [child]
    return tuple(solids)


def heap(rng: np.random.Generator) -> Thing:
    """Boxes and cylinders on top of each other, each turned a little."""
    solids: list[Solid] = []
    top = 0.0
    for _ in range(1 + rng.integers(5)):
        sides = rng.uniform(0.2, 1.0, 3) * (1, rng.uniform(0.2, 1.5), 1)
        solid = _solid(str(rng.choice(["box", "box", "cylinder"])), sides, random_skin(rng), rng, straight=True)
        away = rng.uniform(-0.2, 0.2, 2)
        solids.append(solid.turned(about_y(rng.uniform(0, np.pi))).moved(_at(away[0], top + sides[1] / 2, away[1])))
        top += sides[1]
    return tuple(solids)


def table(rng: np.random.Generator) -> Thing:
    """A board on legs, and up to three things on it."""
    skin = random_skin(rng)
    width, depth, thick, leg = rng.uniform(0.6, 1.6), rng.uniform(0.5, 1.0), rng.uniform(0.03, 0.12), 0.08
    solids = [_solid("box", np.array([width, thick, depth]), skin, rng, straight=True).moved(_at(0.0, 1.0, 0.0))]
    for x in (-1, 1):
        for z in (-1, 1):
            at = _at(x * (width - leg) / 2, 0.5, z * (depth - leg) / 2)
            solids.append(_solid("box", np.array([leg, 1.0, leg]), skin, rng, straight=True).moved(at))
    for _ in range(rng.integers(4)):
        carried = standing((grown, heap)[rng.integers(2)](rng), height=rng.uniform(0.15, 0.7))
        at = _at(rng.uniform(-0.4, 0.4) * width, 1.0 + thick / 2, rng.uniform(-0.4, 0.4) * depth)
        solids += [solid.moved(at) for solid in carried]
    return tuple(solids)


def plate(corners: Points, skin: Skin) -> Solid:
    """A flat piece with four corners, in order around it; its skin is laid out on its own coordinates."""
    faces = np.array([[0, 1, 2], [0, 2, 3]], dtype=np.int32)
    return Solid(vertices=corners, faces=faces, local=corners, skin=skin, smooth=False)


def rotation(rng: np.random.Generator) -> Float32[np.ndarray, "3 3"]:
    """Uniform: of a random quaternion."""
    w, x, y, z = (q := rng.normal(size=4)) / np.linalg.norm(q)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ],
        dtype=np.float32,
    )


def about_y(angle: float) -> Float32[np.ndarray, "3 3"]:
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]], dtype=np.float32)


def _solid(kind: str, sides: np.ndarray, skin: Skin, rng: np.random.Generator, *, straight: bool = False) -> Solid:
    """Around the origin, its sides about so long; bent a little unless straight."""
    unit, faces = _unit(kind)
    vertices = unit
    if not straight:
        wave = rng.normal(0, 2.0, 3).astype(np.float32)
        bend = rng.normal(0, 0.12, 3).astype(np.float32)
        vertices = unit + np.sin(unit @ wave + rng.uniform(0, 6.28))[:, None].astype(np.float32) * bend
    placed = vertices * sides.astype(np.float32)
    return Solid(vertices=placed, faces=faces, local=placed, skin=skin, smooth=kind in SMOOTH)


@cache
def _unit(kind: str) -> tuple[Points, Int32[np.ndarray, "f 3"]]:
    """Of side 1, around the origin; what is round stands upright."""
    creation = trimesh_module().creation
    made = {
        "ball": lambda: creation.icosphere(subdivisions=3),
        "capsule": lambda: creation.capsule(height=1.0, radius=0.5, count=[20, 20]),
        "box": lambda: creation.box(extents=(1, 1, 1)),
        "cylinder": lambda: creation.cylinder(radius=0.5, height=1.0, sections=32),
        "cone": lambda: creation.cone(radius=0.5, height=1.0, sections=32),
        "ring": lambda: creation.torus(major_radius=0.4, minor_radius=0.1, major_sections=24, minor_sections=12),
    }[kind]()
    upright = np.asarray(made.vertices, dtype=np.float32)[:, [0, 2, 1]]
    low, high = upright.min(axis=0), upright.max(axis=0)
    faces = np.asarray(made.faces, dtype=np.int32)[:, ::-1]  # two axes are exchanged
    return (upright - (low + high) / 2) / (high - low), np.ascontiguousarray(faces)


def _at(x: float, y: float, z: float) -> Float32[np.ndarray, "3"]:
    return np.array([x, y, z], dtype=np.float32)


def _drawn(values: Sequence[T], rng: np.random.Generator) -> T:
    return values[int(rng.integers(len(values)))]
