"""Reads the walls of a Doom map from its WAD file, and draws points inside the map.

A WAD is a header, lumps, and a directory of (offset, size, name). The lumps of a map follow the one with its name.
One-sided lines are the map's walls to the void, so a point is inside where a ray from it crosses an odd number.

Source: "The Unofficial Doom Specs" 1.666, chapters 2-1, 4-1 and 4-3.
"""

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float64

from nas.depth.data.images import DataError

_NO_SIDE = 0xFFFF
_LUMPS_PER_MAP = 10


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Walls:
    """One-sided lines, from `start` to `end`, in map units (x, y)."""

    start: Float64[np.ndarray, "n 2"]
    end: Float64[np.ndarray, "n 2"]


def read_walls(path: Path, map_name: str) -> Walls:
    """The one-sided lines of a map.

    Raises:
      DataError: the file is no WAD, or has no such map.
    """
    lumps = _map_lumps(path.read_bytes(), path, map_name)
    vertices = np.frombuffer(lumps["VERTEXES"], "<i2").reshape(-1, 2).astype(np.float64)
    lines = np.frombuffer(lumps["LINEDEFS"], "<u2").reshape(-1, 7)
    walls = lines[lines[:, 6] == _NO_SIDE]
    return Walls(start=vertices[walls[:, 0]], end=vertices[walls[:, 1]])


def is_inside(walls: Walls, point: Float64[np.ndarray, "2"]) -> bool:
    """Whether a ray from `point` towards +x crosses an odd number of walls."""
    x, y = point
    crosses = (walls.start[:, 1] > y) != (walls.end[:, 1] > y)
    start, end = walls.start[crosses], walls.end[crosses]
    at_x = start[:, 0] + (y - start[:, 1]) / (end[:, 1] - start[:, 1]) * (end[:, 0] - start[:, 0])
    return int((at_x > x).sum()) % 2 == 1


def wall_distance(walls: Walls, point: Float64[np.ndarray, "2"]) -> float:
    """Distance from `point` to the nearest wall, in map units."""
    along = walls.end - walls.start
    length_squared = np.maximum((along**2).sum(axis=1), 1e-9)
    share = np.clip(((point - walls.start) * along).sum(axis=1) / length_squared, 0, 1)
    nearest = walls.start + share[:, None] * along
    return float(np.sqrt(((nearest - point) ** 2).sum(axis=1)).min())


def standing_point(walls: Walls, rng: np.random.Generator, *, clearance: float) -> tuple[int, int]:
    """A uniform (x, y) inside the map and more than `clearance` map units from every wall."""
    corners = np.concatenate([walls.start, walls.end])
    low, high = corners.min(axis=0), corners.max(axis=0)
    while True:
        point = np.rint(rng.uniform(low, high))
        if is_inside(walls, point) and wall_distance(walls, point) > clearance:
            x, y = point.astype(np.int64).tolist()
            return x, y


def _map_lumps(wad: bytes, path: Path, map_name: str) -> dict[str, bytes]:
    if wad[:4] not in (b"IWAD", b"PWAD"):
        raise DataError(f"a WAD starts with IWAD or PWAD, {path} does with {wad[:4]!r}; reinstall vizdoom")
    count, offset = struct.unpack_from("<ii", wad, 4)
    directory = [struct.unpack_from("<ii8s", wad, offset + 16 * i) for i in range(count)]
    names = [name.rstrip(b"\0").decode("ascii", "replace") for _, _, name in directory]
    if map_name not in names:
        raise DataError(f"{path.name} has no map {map_name!r}; choose one of the maps that it holds")
    first = names.index(map_name) + 1
    rows = zip(names[first : first + _LUMPS_PER_MAP], directory[first : first + _LUMPS_PER_MAP], strict=True)
    return {name: wad[start : start + size] for name, (start, size, _) in rows}
