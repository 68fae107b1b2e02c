import struct
from pathlib import Path

import numpy as np
import pytest

from nas.depth.data.freedoom.wad import Walls, is_inside, read_walls, standing_point, wall_distance
from nas.depth.data.images import DataError

SQUARE = np.array([[0, 0], [100, 0], [100, 100], [0, 100]], dtype=np.int16)


def write_wad(path: Path, *, magic: bytes = b"IWAD") -> None:
    """One map, a square of one-sided lines with a two-sided one through its middle."""
    vertices = np.concatenate([SQUARE, np.array([[50, 0], [50, 100]], dtype=np.int16)])
    lines = [(a, (a + 1) % 4, 1, 0, 0, 0, 0xFFFF) for a in range(4)] + [(4, 5, 4, 0, 0, 0, 1)]
    lumps = [
        ("MAP01", b""),
        ("THINGS", b""),
        ("LINEDEFS", b"".join(struct.pack("<7H", *line) for line in lines)),
        ("SIDEDEFS", b""),
        ("VERTEXES", vertices.astype("<i2").tobytes()),
        *((name, b"") for name in ("SEGS", "SSECTORS", "NODES", "SECTORS", "REJECT", "BLOCKMAP")),
    ]
    body, directory = b"", b""
    for name, content in lumps:
        directory += struct.pack("<ii8s", 12 + len(body), len(content), name.encode())
        body += content
    path.write_bytes(magic + struct.pack("<ii", len(lumps), 12 + len(body)) + body + directory)


def test_only_one_sided_lines_are_walls(tmp_path: Path) -> None:
    write_wad(tmp_path / "toy.wad")
    walls = read_walls(tmp_path / "toy.wad", "MAP01")
    np.testing.assert_array_equal(walls.start, SQUARE)
    np.testing.assert_array_equal(walls.end, np.roll(SQUARE, -1, axis=0))


def square() -> Walls:
    return Walls(start=SQUARE.astype(float), end=np.roll(SQUARE, -1, axis=0).astype(float))


@pytest.mark.parametrize(
    ("point", "inside", "distance"),
    [
        ((50, 50), True, 50),
        ((10, 30), True, 10),
        ((-10, 50), False, 10),
        ((103, 104), False, 5),
        ((50, 200), False, 100),
    ],
)
def test_inside_and_distance_of_a_square(point: tuple[float, float], inside: bool, distance: float) -> None:
    at = np.array(point, dtype=float)
    assert is_inside(square(), at) == inside
    assert wall_distance(square(), at) == pytest.approx(distance)


def test_a_hole_is_outside() -> None:
    outer = square()
    walls = Walls(
        start=np.concatenate([outer.start, outer.start * 0.2 + 40]),
        end=np.concatenate([outer.end, outer.end * 0.2 + 40]),
    )
    assert not is_inside(walls, np.array([50.0, 50.0]))
    assert is_inside(walls, np.array([20.0, 50.0]))


def test_standing_points_keep_clear_of_walls() -> None:
    rng = np.random.default_rng(0)
    points = np.array([standing_point(square(), rng, clearance=32.0) for _ in range(50)])
    assert points.min() > 32
    assert points.max() < 68


def test_a_foreign_file_and_an_unknown_map_are_named(tmp_path: Path) -> None:
    write_wad(tmp_path / "toy.wad")
    with pytest.raises(DataError, match=r"toy\.wad has no map 'E1M1'"):
        read_walls(tmp_path / "toy.wad", "E1M1")
    write_wad(tmp_path / "bad.wad", magic=b"ZIP!")
    with pytest.raises(DataError, match=r"bad\.wad does with b'ZIP!'"):
        read_walls(tmp_path / "bad.wad", "MAP01")
