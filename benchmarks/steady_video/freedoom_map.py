"""A camera's path through one of Freedoom's maps: the engine's pictures with its depth and its poses.

The player is put a few units further each frame, and turned a little; what the engine says of its camera is the pose.
Depth is what `nas.depth.data.freedoom.engine` makes of the engine's byte: steps of 7 map units, so that even true depth
is not wholly consistent. The sky has none.
"""

import math
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from nas.depth.data.freedoom import MAPS
from nas.depth.data.freedoom.engine import (
    FOCAL,
    SCREEN,
    VERTICAL_STRETCH,
    brightened,
    linear_depth,
    looked,
    started,
    wad_of,
)
from nas.depth.data.freedoom.wad import is_inside, read_walls, standing_point, wall_distance
from nas.depth.data.resample import centre_crop, shrink_depth, shrink_rgb
from nas.depth.metrics.consistency import Clip

STEP, TURN = 4.0, 0.5
"""Map units and degrees from frame to frame: a person is 56 tall."""
CLEARANCE, ATTEMPTS = 24.0, 60
VARIABLES = ("CAMERA_POSITION_X", "CAMERA_POSITION_Y", "CAMERA_POSITION_Z", "CAMERA_ANGLE", "CAMERA_PITCH")
LEAST_KNOWN = 0.7
"""Of a frame's pixels that have depth."""
LEAST_GREY, MOST_STEPS = 25, 3
"""Of a clip, which would else show nothing; steps at once: stairs, and no fall."""


def map_path(map_name: str, number: int, *, size: tuple[int, int], seed: int) -> Clip:
    """So many frames of a straight path that turns a little, where there is room for one."""
    rng = np.random.default_rng((seed, MAPS.index(map_name)))
    wad = wad_of(map_name)
    walls = read_walls(wad, map_name)
    with _game(wad, map_name) as game:
        for _ in range(ATTEMPTS):
            x, y = standing_point(walls, rng, clearance=2 * CLEARANCE)
            angle = rng.uniform(0, 2 * math.pi)
            places = [(x + STEP * t * math.cos(angle), y + STEP * t * math.sin(angle)) for t in range(number)]
            points = [np.array(place, dtype=np.float64) for place in places]
            if all(is_inside(walls, point) and wall_distance(walls, point) > CLEARANCE for point in points):
                clip = _walked(game, places, math.degrees(angle), size)
                steps = np.linalg.norm(np.diff(clip.pose[:, :3, 3], axis=0), axis=1)
                known = np.isfinite(clip.depth).mean(axis=(1, 2)).min()
                if known > LEAST_KNOWN and clip.rgb.mean() > LEAST_GREY and steps.max() < MOST_STEPS * STEP:
                    return clip
    raise SystemExit(f"{map_name} has no room for a path of {number} frames")


def _walked(game: Any, places: list[tuple[float, float]], degrees: float, size: tuple[int, int]) -> Clip:
    rows, columns = centre_crop(SCREEN, size[1] / size[0] / VERTICAL_STRETCH)
    frames, depths, poses = [], [], []
    for t, (x, y) in enumerate(places):
        game.send_game_command(f"warp {x} {y}")
        now = game.get_state().game_variables
        wanted = degrees + TURN * t
        state = looked(game, (now[3] - wanted + 180) % 360 - 180, now[4])
        frames.append(brightened(shrink_rgb(state.screen_buffer[rows, columns], size)))
        depths.append(shrink_depth(linear_depth(state.depth_buffer[rows, columns]), size))
        poses.append(_pose(*state.game_variables[:4]))
    return Clip(
        rgb=np.stack(frames),
        depth=np.stack(depths),
        pose=np.stack(poses),
        focal=FOCAL * size[1] / (columns.stop - columns.start),
    )


def _pose(x: float, y: float, z: float, degrees: float) -> np.ndarray:
    """From the camera to the world, whose x is east, y is north and z is up."""
    angle = math.radians(degrees)
    pose = np.eye(4)
    pose[:3, 0] = math.sin(angle), -math.cos(angle), 0
    pose[:3, 1] = 0, 0, -1
    pose[:3, 2] = math.cos(angle), math.sin(angle), 0
    pose[:3, 3] = x, y, z
    return pose


@contextmanager
def _game(wad: Path, map_name: str) -> Iterator[Any]:
    """The engine in one map, in a folder of its own, since it leaves files where it stands."""
    before = os.getcwd()
    with tempfile.TemporaryDirectory(prefix="chamnas-path-") as scratch:
        os.chdir(scratch)
        try:
            with started(wad, map_name, variables=VARIABLES, seed=0) as game:
                yield game
        finally:
            os.chdir(before)
