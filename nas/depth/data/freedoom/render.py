"""Render pictures of one map, with depth: random standing points, random directions, what shows some depth."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32, UInt8

from nas.depth.data.freedoom.engine import (
    SCREEN,
    SKY_BYTE,
    VERTICAL_STRETCH,
    brightened,
    linear_depth,
    looked,
    started,
)
from nas.depth.data.freedoom.wad import Walls, read_walls, standing_point
from nas.depth.data.images import DataError, DepthImages
from nas.depth.data.resample import centre_crop, shrink_depth, shrink_rgb

_MOST_SKY = 0.7
_CLEARANCE = 32.0
_MAX_PITCH_DEGREES = 12.0
_ATTEMPTS_PER_IMAGE = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class MapJob:
    """What to render: `num_images` of `size` (height, width) in one map; `seed` decides every random choice."""

    wad: Path
    map_name: str
    size: tuple[int, int]
    num_images: int
    seed: tuple[int, int]


def render_map(job: MapJob) -> DepthImages:
    """The pictures of `job`; fewer than asked for where a map has too few useful views.

    The engine writes its settings into the current folder; run this in a scratch folder.

    Raises:
      DataError: vizdoom is missing, or the map gives no useful view at all.
    """
    rng = np.random.default_rng(job.seed)
    walls = read_walls(job.wad, job.map_name)
    engine_seed = int(np.random.default_rng(job.seed).integers(2**31))
    with started(job.wad, job.map_name, variables=("PITCH",), seed=engine_seed) as game:
        pairs = _collect(game, walls, rng, job)
    if not pairs:
        raise DataError(f"every map must give a useful view, {job.map_name} gave none; render more attempts or drop it")
    rgb, depth = zip(*pairs, strict=True)
    return DepthImages(rgb=np.stack(rgb), depth=np.stack(depth), group=(job.map_name,) * len(pairs))


def is_useful(rgb: UInt8[np.ndarray, "h w 3"], code: UInt8[np.ndarray, "h w"]) -> bool:
    """Whether a frame shows some depth: not a wall in one's face, flat, dark, inside geometry, or nearly all sky."""
    share = np.cumsum(np.bincount(code.ravel(), minlength=256)) / code.size
    low, median, high = np.searchsorted(share, [0.05, 0.5, 0.95])
    sky = share[SKY_BYTE] - share[SKY_BYTE - 1]
    return bool(median >= 10 and high - low >= 10 and rgb.mean() >= 18 and share[0] <= 0.001 and sky <= _MOST_SKY)


def _collect(
    game: Any, walls: Walls, rng: np.random.Generator, job: MapJob
) -> list[tuple[UInt8[np.ndarray, "h w 3"], Float32[np.ndarray, "h w"]]]:
    rows, columns = centre_crop(SCREEN, job.size[1] / job.size[0] / VERTICAL_STRETCH)
    pairs = []
    for _ in range(_ATTEMPTS_PER_IMAGE * job.num_images):
        rgb, code = _look(game, walls, rng)
        rgb, code = rgb[rows, columns], code[rows, columns]
        if is_useful(rgb, code):
            pairs.append((brightened(shrink_rgb(rgb, job.size)), shrink_depth(linear_depth(code), job.size)))
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
    state = looked(game, turn, now - pitch)
    return state.screen_buffer, state.depth_buffer
