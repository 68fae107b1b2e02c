"""Render pictures of one Doom map, with depth, through ViZDoom. Needs no display and no GPU.

What the engine gives was measured with ViZDoom 1.3.2 at 320x240. Depth is planar and linear in an 8-bit value. The
horizontal focal length is 160 pixels (90 degrees), the vertical one 192: heights are drawn 1.2 times too tall, which
a window 1.2 times taller than wide undoes. The sky is byte 127 at this resolution and has no depth.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32, UInt8

from nas.depth.data.images import DataError, DepthImages
from nas.depth.data.resample import centre_crop, shrink_depth, shrink_rgb
from nas.depth.data.wad import Walls, read_walls, standing_point

_SCREEN = (240, 320)
_VERTICAL_STRETCH = 1.2
_SKY_BYTE = 127
_UNITS_PER_BYTE, _UNITS_AT_ZERO = 7.13, 14.5
_GAMMA = 1.5
_MOST_SKY = 0.7
_CLEARANCE = 32.0
_MAX_PITCH_DEGREES = 12.0
_SETTLE_TICS = 20  # a new episode needs them before it takes a cheat
_IDLE_TICS = 3  # fewer, and the eye still stands at height 4 instead of 41
_ATTEMPTS_PER_IMAGE = 20
# The flags keep monsters, and messages that would be drawn into colour and depth, out of the picture.
_ENGINE_FLAGS = "-nomonsters +cl_showsecretmessage 0 +con_midtime 0"


@dataclass(frozen=True, slots=True, kw_only=True)
class MapJob:
    """What to render: `num_images` of `size` (height, width) in one map; `seed` decides every random choice."""

    wad: Path
    map_name: str
    size: tuple[int, int]
    num_images: int
    seed: tuple[int, int]


def vizdoom_module() -> Any:
    """The module, which is an optional dependency.

    Raises:
      DataError: it is not installed.
    """
    try:
        import vizdoom
    except ImportError as error:
        raise DataError(
            "the Freedoom pictures are rendered by vizdoom, which is not installed; pip install 'chamnas[demo]', "
            "or bring a folder of rgb/ and depth/ pairs"
        ) from error
    return vizdoom


def render_map(job: MapJob) -> DepthImages:
    """The pictures of `job`; fewer than asked for where a map has too few useful views.

    The engine writes its settings into the current folder; run this in a scratch folder.

    Raises:
      DataError: vizdoom is missing, or the map gives no useful view at all.
    """
    rng = np.random.default_rng(job.seed)
    walls = read_walls(job.wad, job.map_name)
    game = _start(job)
    try:
        pairs = _collect(game, walls, rng, job)
    finally:
        game.close()
    if not pairs:
        raise DataError(f"every map must give a useful view, {job.map_name} gave none; render more attempts or drop it")
    rgb, depth = zip(*pairs, strict=True)
    return DepthImages(rgb=np.stack(rgb), depth=np.stack(depth), group=(job.map_name,) * len(pairs))


def linear_depth(code: UInt8[np.ndarray, "h w"]) -> Float32[np.ndarray, "h w"]:
    """The engine's byte to planar depth in map units; NaN for the sky."""
    depth = code.astype(np.float32) * np.float32(_UNITS_PER_BYTE) + np.float32(_UNITS_AT_ZERO)
    return np.where(code == _SKY_BYTE, np.float32(np.nan), depth)


def is_useful(rgb: UInt8[np.ndarray, "h w 3"], code: UInt8[np.ndarray, "h w"]) -> bool:
    """Whether a frame shows some depth: not a wall in one's face, flat, dark, inside geometry, or nearly all sky."""
    share = np.cumsum(np.bincount(code.ravel(), minlength=256)) / code.size
    low, median, high = np.searchsorted(share, [0.05, 0.5, 0.95])
    sky = share[_SKY_BYTE] - share[_SKY_BYTE - 1]
    return bool(median >= 10 and high - low >= 10 and rgb.mean() >= 18 and share[0] <= 0.001 and sky <= _MOST_SKY)


def _start(job: MapJob) -> Any:
    vizdoom = vizdoom_module()
    game = vizdoom.DoomGame()
    game.set_doom_game_path(str(job.wad))
    game.set_doom_map(job.map_name)
    game.set_screen_resolution(vizdoom.ScreenResolution.RES_320X240)
    game.set_screen_format(vizdoom.ScreenFormat.RGB24)
    game.set_depth_buffer_enabled(True)
    for hidden in ("hud", "weapon", "crosshair", "messages", "screen_flashes"):
        getattr(game, f"set_render_{hidden}")(False)
    game.set_window_visible(False)
    game.set_sound_enabled(False)
    game.set_available_buttons([vizdoom.Button.TURN_LEFT_RIGHT_DELTA, vizdoom.Button.LOOK_UP_DOWN_DELTA])
    game.set_available_game_variables([vizdoom.GameVariable.PITCH])
    game.add_game_args(_ENGINE_FLAGS)
    game.set_seed(int(np.random.default_rng(job.seed).integers(2**31)))
    game.init()
    game.make_action([0.0, 0.0], _SETTLE_TICS)
    game.send_game_command("god")
    return game


def _collect(
    game: Any, walls: Walls, rng: np.random.Generator, job: MapJob
) -> list[tuple[UInt8[np.ndarray, "h w 3"], Float32[np.ndarray, "h w"]]]:
    rows, columns = centre_crop(_SCREEN, job.size[1] / job.size[0] / _VERTICAL_STRETCH)
    pairs = []
    for _ in range(_ATTEMPTS_PER_IMAGE * job.num_images):
        rgb, code = _look(game, walls, rng)
        rgb, code = rgb[rows, columns], code[rows, columns]
        if is_useful(rgb, code):
            pairs.append((_brighten(shrink_rgb(rgb, job.size)), shrink_depth(linear_depth(code), job.size)))
        if len(pairs) == job.num_images:
            break
    return pairs


def _look(
    game: Any, walls: Walls, rng: np.random.Generator
) -> tuple[UInt8[np.ndarray, "h w 3"], UInt8[np.ndarray, "h w"]]:
    """One frame from a random standing point in a random direction."""
    x, y = standing_point(walls, rng, clearance=_CLEARANCE)
    turn, pitch = rng.uniform(-180, 180), rng.uniform(-_MAX_PITCH_DEGREES, _MAX_PITCH_DEGREES)
    game.send_game_command(f"warp {x} {y}")
    now = game.get_state().game_variables[0]
    # A positive look button lowers the reported pitch: the difference is taken the other way round.
    game.make_action([float(turn), float(now - pitch)], 1)
    game.make_action([0.0, 0.0], _IDLE_TICS)
    state = game.get_state()
    return state.screen_buffer, state.depth_buffer


def _brighten(rgb: UInt8[np.ndarray, "h w 3"]) -> UInt8[np.ndarray, "h w 3"]:
    lifted = np.rint(255 * (rgb / 255) ** (1 / _GAMMA))
    return lifted.astype(np.uint8)
