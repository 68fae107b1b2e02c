"""A scene as a picture and its depth, by rays that Embree traces.

Each pixel has one ray, one to a point of the sun, and one in a random direction of the open half space, which is dark
where a corner is. That is noisy; a picture is rendered several times larger than it is kept.
"""

from typing import Any

import numpy as np
from jaxtyping import Bool, Float32, UInt8

from nas.depth.data.things.library import add_mesh, embree_scene
from nas.depth.data.things.scenes import Camera, Light, Scene
from nas.depth.data.things.solids import Solid

Rays = Float32[np.ndarray, "n 3"]

OFF = 1e-3
"""Rays that leave a surface start so far off it."""
FOR_EVER = 1e30
REACH, DARKENED = 0.7, 0.45
"""What lies within so far takes that share of the sky's light from a point."""
SKY_AT_LEAST, SKY_BEHIND = 10.0, 1.5
"""The sky's distance, and as a multiple of the farthest that is seen."""
GAMMA = 2.2
PERCENTILE, WHITE = 98.0, (0.6, 1.1)
"""Exposure: the linear value of that percentile of a picture becomes something in that range."""


def traced(
    scene: Scene, size: tuple[int, int], rng: np.random.Generator
) -> tuple[UInt8[np.ndarray, "h w 3"], Float32[np.ndarray, "h w"]]:
    """Colour, and planar depth.

    The sky is farther than all else, so that a network learns that it is far; how far, nobody knows.
    """
    world = embree_scene()
    for solid in scene.solids:
        add_mesh(world, solid.vertices, solid.faces)
    eye = np.array([0, scene.camera.height, 0], dtype=np.float32)
    rays = _directions(scene.camera, size)
    hit = world.run(np.broadcast_to(eye, rays.shape).copy(), rays, output=1)
    seen = hit["geomID"] >= 0
    colour = _sky(scene, rays)
    for number in np.unique(hit["geomID"][seen]).tolist():
        here = hit["geomID"] == number
        points, normals, albedo = _surface(
            scene.solids[number], {name: of[here] for name, of in hit.items()}, rays[here]
        )
        colour[here] = albedo * _lit(world, points, normals, scene.light, rng)
    far = max(SKY_AT_LEAST, SKY_BEHIND * float(hit["tfar"][seen].max(initial=0.0)))
    depth = np.where(seen, hit["tfar"], np.float32(far))
    return _exposed(colour, rng).reshape(*size, 3), depth.reshape(size)


def _directions(camera: Camera, size: tuple[int, int]) -> Rays:
    """Through the pixels' middles; one unit forward, so that a ray's length is the planar depth."""
    height, width = size
    x = (np.arange(width) + 0.5 - width / 2) / (camera.focal * height)
    y = (height / 2 - np.arange(height) - 0.5) / (camera.focal * height)
    flat = np.stack([*np.meshgrid(x, y), np.ones(size)], axis=-1).reshape(-1, 3)
    rays: Rays = (flat @ camera.rotation.T).astype(np.float32)
    return rays


def _surface(solid: Solid, hit: dict[str, np.ndarray], rays: Rays) -> tuple[Rays, Rays, Rays]:
    """Where the rays meet a solid, a little off it; its normals there, towards the eye; its colours."""
    corners = solid.faces[hit["primID"]]
    u, v = hit["u"][:, None], hit["v"][:, None]
    weights = np.stack([1 - u - v, u, v], axis=1)
    local = (solid.local[corners] * weights).sum(axis=1)
    points = (solid.vertices[corners] * weights).sum(axis=1)
    normals = hit["Ng"]
    if solid.smooth:
        normals = (_vertex_normals(solid)[corners] * weights).sum(axis=1)
    normals = normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    facing = np.where((normals * rays).sum(axis=1, keepdims=True) > 0, -normals, normals).astype(np.float32)
    return (points + OFF * facing).astype(np.float32), facing, solid.skin.at(local.astype(np.float32))


def _vertex_normals(solid: Solid) -> Rays:
    a, b, c = (solid.vertices[solid.faces[:, i]] for i in range(3))
    flat = np.cross(b - a, c - a)
    total = np.zeros_like(solid.vertices)
    for i in range(3):
        np.add.at(total, solid.faces[:, i], flat)
    return total


def _lit(world: Any, points: Rays, normals: Rays, light: Light, rng: np.random.Generator) -> Rays:
    """Linear light at each point."""
    to_sun = light.to_sun + light.softness * rng.normal(size=points.shape).astype(np.float32)
    sun = np.clip(normals @ light.to_sun, 0, None) * _open(world, points, to_sun)
    around = _unit(normals + _unit(rng.normal(size=points.shape).astype(np.float32)) + OFF)  # by the cosine
    sky = 1 - DARKENED * ~_open(world, points, around, reach=REACH)
    strength = light.ambient * sky + (1 - light.ambient) * sun
    lit: Rays = (strength[:, None] * light.colour).astype(np.float32)
    return lit


def _open(world: Any, points: Rays, towards: Rays, *, reach: float = FOR_EVER) -> Bool[np.ndarray, " n"]:
    """Whether nothing lies in that direction nearer than the reach."""
    distance: Float32[np.ndarray, " n"] = world.run(points, towards, query="DISTANCE")
    return distance > reach


def _unit(vectors: Rays) -> Rays:
    unit: Rays = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), np.float32(1e-12))
    return unit


def _sky(scene: Scene, rays: Rays) -> Rays:
    up = np.clip(_unit(rays)[:, 1:2], 0, 1)
    colour: Rays = (scene.sky[0] + up * (scene.sky[1] - scene.sky[0])).astype(np.float32)
    return colour


def _exposed(colour: Rays, rng: np.random.Generator) -> UInt8[np.ndarray, "n 3"]:
    white = float(np.percentile(colour, PERCENTILE))
    scaled = np.clip(colour * (rng.uniform(*WHITE) / max(white, 1e-6)), 0, 1)
    kept: UInt8[np.ndarray, "n 3"] = np.rint(255 * scaled ** (1 / GAMMA)).astype(np.uint8)
    return kept
