"""A camera's path through a made room, rendered by casting rays: colour, depth and poses of every frame are exact.

The room is a box whose walls, floor and ceiling carry smooth patterns of the place in the world; a pillar stands in it.
"""

import numpy as np

from nas.depth.metrics.consistency import Clip

WALLS = ((0, -4.0), (0, 4.0), (1, -1.5), (1, 1.5), (2, 12.0))
"""Axis and place of each plane, in metres: left, right, ceiling, floor, end."""
PILLAR = ((0.6, 1.4), (4.5, 5.3))
"""Where it stands, along x and z; from floor to ceiling."""


def rendered(number: int, *, size: tuple[int, int] = (72, 96), seed: int = 0, step: float = 0.03) -> Clip:
    """So many frames of a path that goes aside and forward, and turns a little."""
    poses = [_pose(step * t, 1.5 * step * t, 0.15 * step * t) for t in range(number)]
    focal = 0.8 * size[1]
    frames = [_frame(pose, size, focal, seed) for pose in poses]
    return Clip(
        rgb=np.stack([rgb for rgb, _ in frames]),
        depth=np.stack([depth for _, depth in frames]),
        pose=np.stack(poses),
        focal=focal,
    )


def _pose(aside: float, forward: float, turn: float) -> np.ndarray:
    pose = np.eye(4)
    pose[:3, :3] = [[np.cos(turn), 0, np.sin(turn)], [0, 1, 0], [-np.sin(turn), 0, np.cos(turn)]]
    pose[:3, 3] = aside, 0, forward
    return pose


def _frame(pose: np.ndarray, size: tuple[int, int], focal: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rows, columns = np.mgrid[: size[0], : size[1]]
    across, down = (columns - (size[1] - 1) / 2) / focal, (rows - (size[0] - 1) / 2) / focal
    rays = np.stack([across, down, np.ones(size)], axis=-1) @ pose[:3, :3].T
    origin, depth = pose[:3, 3], np.full(size, np.inf)
    with np.errstate(divide="ignore", invalid="ignore"):
        for axis, place in WALLS:
            far = (place - origin[axis]) / rays[..., axis]
            depth = np.where((far > 0) & (far < depth), far, depth)
        near, away = np.full(size, -np.inf), np.full(size, np.inf)
        for axis, ends in zip((0, 2), PILLAR, strict=True):
            a, b = ((end - origin[axis]) / rays[..., axis] for end in ends)
            near, away = np.maximum(near, np.minimum(a, b)), np.minimum(away, np.maximum(a, b))
    depth = np.where((near > 0) & (near < away) & (near < depth), near, depth)
    points = origin + rays * depth[..., None]
    rng = np.random.default_rng(seed)
    colour = np.full((*size, 3), 0.5)
    for _ in range(12):
        wave, phase = rng.normal(0, 2.2, 3), rng.uniform(0, 6.28, 3)
        colour += 0.09 * np.sin((points @ wave)[..., None] + phase)
    return np.rint(255 * colour.clip(0, 1)).astype(np.uint8), depth
