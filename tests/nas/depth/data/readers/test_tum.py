from pathlib import Path

import numpy as np
import pytest

from nas.depth.data.images import DataError
from nas.depth.data.readers.tum import associated
from tests.nas.depth.data.readers.sets_written import all_of, ramp, read, shrunk, write_numbers, write_picture

SEQUENCES = ("freiburg1_desk", "freiburg1_room", "freiburg2_xyz")


def write_sequence(folder: Path, seed: int, factor: float = 5000) -> None:
    times = [(10.000, 10.015), (10.033, 10.049), (10.100, 10.200)]
    lists = {"rgb": ["# color images"], "depth": ["# depth maps"]}
    for i, (colour, depth) in enumerate(times):
        write_picture(folder / "rgb" / f"{colour:.6f}.png", i)
        write_numbers(folder / "depth" / f"{depth:.6f}.png", ramp(seed + i) * factor)
        lists["rgb"].append(f"{colour:.6f} rgb/{colour:.6f}.png")
        lists["depth"].append(f"{depth:.6f} depth/{depth:.6f}.png")
    for name, lines in lists.items():
        (folder / f"{name}.txt").write_text("\n".join(lines) + "\n")


def test_pictures_and_depth_meet_by_their_times(tmp_path: Path) -> None:
    for seed, name in enumerate(SEQUENCES):
        write_sequence(tmp_path / name, 10 * seed)
    data = read(tmp_path)
    for seed, name in enumerate(SEQUENCES):
        np.testing.assert_allclose(all_of(data)[name][1], shrunk(ramp(10 * seed)), atol=1 / 5000)
    assert "read 6 pictures in 3 groups as tum: PNG / 5000 is metres; 0 is no depth; split by sequence" in data.notes[0]
    assert data.notes[1] == "not used: 3 pictures without depth within 20 ms"


def test_the_nearest_meet_and_each_file_once() -> None:
    names = [Path(name) for name in "abcd"]
    colours, depths = [(1.000, names[0]), (1.011, names[1])], [(1.010, names[2]), (1.025, names[3])]
    assert associated(colours, depths) == [(names[1], names[2])]
    assert associated(colours[:1], depths) == [(names[0], names[2])]
    assert associated([], depths) == []


def test_millimetres_are_not_refused_and_a_256_times_too_large_depth_is(tmp_path: Path) -> None:
    for seed, name in enumerate(SEQUENCES):
        write_sequence(tmp_path / name, seed, factor=10)
    with pytest.raises(DataError, match=r"the median depth of tum lies between 0\.3 and 12 m .* has 0\.00\d+ m, which"):
        read(tmp_path)


def test_a_line_that_is_no_entry_is_named(tmp_path: Path) -> None:
    for seed, name in enumerate(SEQUENCES):
        write_sequence(tmp_path / name, seed)
    (tmp_path / SEQUENCES[1] / "depth.txt").write_text("today depth/1.png\n")
    with pytest.raises(DataError, match=r"freiburg1_room/depth\.txt has another"):
        read(tmp_path)
