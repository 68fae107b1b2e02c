"""ViZDoom's engine in one of Freedoom's maps: how it is started, turned, and what it shows. Needs no display, no GPU.

What the engine gives was measured with ViZDoom 1.3.2 at 320x240. Depth is planar and linear in an 8-bit value. The
horizontal focal length is 160 pixels (90 degrees), the vertical one 192: heights are drawn 1.2 times too tall, which
a window 1.2 times taller than wide undoes. The sky is byte 127 at this resolution and has no depth.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32, UInt8

from nas.depth.data.images import DataError

SCREEN = (240, 320)
"""Rows and columns."""
VERTICAL_STRETCH, FOCAL = 1.2, 160.0
"""How much taller than wide a pixel is drawn; the horizontal focal length in pixels."""
SKY_BYTE = 127
UNITS_PER_BYTE, UNITS_AT_ZERO = 7.13, 14.5
GAMMA = 1.5
"""The pictures are dark."""
SETTLE_TICS = 20  # a new episode needs them before it takes a cheat
IDLE_TICS = 3  # fewer, and the eye still stands at height 4 instead of 41
# The flags keep monsters, and messages that would be drawn into colour and depth, out of the picture.
FLAGS = "-nomonsters +cl_showsecretmessage 0 +con_midtime 0"


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


def wad_of(map_name: str) -> Path:
    """The file of vizdoom's that holds the map.

    Raises:
      DataError: vizdoom is not installed.
    """
    return Path(vizdoom_module().__file__).parent / f"freedoom{1 if map_name.startswith('E') else 2}.wad"


@contextmanager
def started(wad: Path, map_name: str, *, variables: Sequence[str], seed: int) -> Iterator[Any]:
    """The engine with its player in the map, invulnerable. It writes its settings into the current folder.

    Args:
      variables: what a state tells besides the picture, in the engine's names, such as "PITCH".

    Raises:
      DataError: vizdoom is not installed.
    """
    vizdoom = vizdoom_module()
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
    game.set_available_game_variables([getattr(vizdoom.GameVariable, name) for name in variables])
    game.add_game_args(FLAGS)
    game.set_seed(seed)
    game.init()
    try:
        game.make_action([0.0, 0.0], SETTLE_TICS)
        game.send_game_command("god")
        yield game
    finally:
        game.close()


def looked(game: Any, turn: float, lowered: float) -> Any:
    """The engine's state once the player has turned by so many degrees to the right, and lowered the reported pitch."""
    game.make_action([float(turn), float(lowered)], 1)
    game.make_action([0.0, 0.0], IDLE_TICS)
    return game.get_state()


def linear_depth(code: UInt8[np.ndarray, "h w"]) -> Float32[np.ndarray, "h w"]:
    """The engine's byte to planar depth in map units; NaN for the sky."""
    depth = code.astype(np.float32) * np.float32(UNITS_PER_BYTE) + np.float32(UNITS_AT_ZERO)
    return np.where(code == SKY_BYTE, np.float32(np.nan), depth)


def brightened(rgb: UInt8[np.ndarray, "h w 3"]) -> UInt8[np.ndarray, "h w 3"]:
    lifted = np.rint(255 * (rgb / 255) ** (1 / GAMMA))
    return lifted.astype(np.uint8)
