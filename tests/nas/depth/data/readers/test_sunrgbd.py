from pathlib import Path

import numpy as np
import pytest

from nas.depth.data.images import DataError
from tests.nas.depth.data.readers.sets_written import all_of, ramp, read, shrunk, write_numbers, write_picture

ROOMS = ("kitchen", "office", "bedroom")


def rotated(millimetres: np.ndarray) -> np.ndarray:
    """As it is stored: each of 16 bits three places higher, the highest three below them."""
    word = np.rint(millimetres).astype(np.uint32)
    return (word << 3 | word >> 13) & 0xFFFF


def write_rooms(root: Path, factor: float = 1000) -> None:
    for seed, kind in enumerate(ROOMS):
        folder = root / "kv1/NYUdata" / f"NYU{seed:04d}"
        write_picture(folder / "image" / f"NYU{seed:04d}.jpg", seed)
        write_numbers(folder / "depth" / f"NYU{seed:04d}.png", rotated(ramp(seed, farthest=9) * factor))
        write_numbers(folder / "depth_bfx" / f"NYU{seed:04d}.png", np.ones((12, 16)))
        (folder / "scene.txt").write_text(kind)


def test_rotated_bits_become_metres_by_kind_of_room(tmp_path: Path) -> None:
    write_rooms(tmp_path)
    data = read(tmp_path)
    for seed, kind in enumerate(ROOMS):
        np.testing.assert_allclose(all_of(data)[f"kv1/NYUdata {kind}"][1], shrunk(ramp(seed, farthest=9)), atol=1e-3)
    assert "as sunrgbd: PNG, its bits rotated back by 3, / 1000 is metres; 0 is no depth; split by co" in data.notes[0]


def test_depth_that_is_not_rotated_is_refused(tmp_path: Path) -> None:
    write_rooms(tmp_path)
    for seed in range(len(ROOMS)):
        write_numbers(tmp_path / f"kv1/NYUdata/NYU{seed:04d}/depth/NYU{seed:04d}.png", ramp(seed) * 1000)
    with pytest.raises(DataError, match="the median depth of sunrgbd"):
        read(tmp_path)
