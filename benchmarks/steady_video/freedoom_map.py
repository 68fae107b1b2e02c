"""A camera's path through one of Freedoom's maps: the engine's pictures with its depth and its poses.

The player is put a few units further each frame, and turned a little; what the engine says of its camera is the pose.
Depth is what `nas.depth.data.render` makes of the engine's byte: steps of 7 map units, so that even true depth is not
wholly consistent. The sky has none.
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
from nas.depth.data.render import linear_depth, vizdoom_module
from nas.depth.data.resample import centre_crop, shrink_depth, shrink_rgb
from nas.depth.data.wad import is_inside, read_walls, standing_point, wall_distance
from nas.depth.metrics.consistency import Clip

SCREEN, STRETCH, FOCAL = (240, 320), 1.2, 160.0
"""Rows and columns; how much taller than wide a pixel is drawn; horizontal focal length in pixels."""
STEP, TURN = 4.0, 0.5
"""Map units and degrees from frame to frame: a person is 56 tall."""
CLEARANCE, GAMMA = 24.0, 1.5
SETTLE_TICS, IDLE_TICS, ATTEMPTS = 20, 3, 60
LEAST_KNOWN = 0.7
"""Of a frame's pixels that have depth."""
LEAST_GREY, MOST_STEPS = 25, 3
"""Of a clip, which would else show nothing; steps at once: stairs, and no fall."""


def map_path(map_name: str, number: int, *, size: tuple[int, int], seed: int) -> Clip:
    """So many frames of a straight path that turns a little, where there is room for one."""
    rng = np.random.default_rng((seed, MAPS.index(map_name)))
    wad = Path(vizdoom_module().__file__).parent / ("freedoom1.wad" if map_name.startswith("E") else "freedoom2.wad")
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
    rows, columns = centre_crop(SCREEN, size[1] / size[0] / STRETCH)
    frames, depths, poses = [], [], []
    for t, (x, y) in enumerate(places):
        game.send_game_command(f"warp {x} {y}")
        now = game.get_state().game_variables
        wanted = degrees + TURN * t
        game.make_action([float((now[3] - wanted + 180) % 360 - 180), float(now[4])], 1)
        game.make_action([0.0, 0.0], IDLE_TICS)
        state = game.get_state()
        frames.append(np.rint(255 * (shrink_rgb(state.screen_buffer[rows, columns], size) / 255) ** (1 / GAMMA)))
        depths.append(shrink_depth(linear_depth(state.depth_buffer[rows, columns]), size))
        poses.append(_pose(*state.game_variables[:4]))
    return Clip(
        rgb=np.stack(frames).astype(np.uint8),
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
    vizdoom, before = vizdoom_module(), os.getcwd()
    with tempfile.TemporaryDirectory(prefix="chamnas-path-") as scratch:
        os.chdir(scratch)
        game = vizdoom.DoomGame()
        game.set_doom_game_path(str(wad))
        game.set_doom_map(map_name)
        game.set_screen_resolution(vizdoom.ScreenResolution.RES_320X240)
        game.set_screen_format(vizdoom.ScreenFormat.RGB24)
        game.set_depth_buffer_enabled(True)
        for hidden in ("hud", "weapon", "crosshair", "messages", "screen_flashes"):
            getattr(game, f"set_render_{hidden}")(False)
        game.set_window_visible(False)
        game.set_sound_enabled(False)
        game.set_available_buttons([vizdoom.Button.TURN_LEFT_RIGHT_DELTA, vizdoom.Button.LOOK_UP_DOWN_DELTA])
        named = [f"CAMERA_{name}" for name in ("POSITION_X", "POSITION_Y", "POSITION_Z", "ANGLE", "PITCH")]
        game.set_available_game_variables([getattr(vizdoom.GameVariable, name) for name in named])
        game.add_game_args("-nomonsters +cl_showsecretmessage 0 +con_midtime 0")
        game.set_seed(0)
        game.init()
        try:
            game.make_action([0.0, 0.0], SETTLE_TICS)
            game.send_game_command("god")
            yield game
        finally:
            game.close()
            os.chdir(before)
