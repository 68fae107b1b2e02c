from pathlib import Path

import numpy as np
import pytest

from nas.depth.data.images import DataError
from nas.depth.data.readers.scannet import room
from tests.nas.depth.data.readers.sets_written import all_of, ramp, read, shrunk, write_numbers, write_picture

SCANS = ("scene0000_00", "scene0000_01", "scene0001_00", "scene0002_00")


def write_scans(root: Path, factor: float = 1000) -> None:
    for seed, scan in enumerate(SCANS):
        write_picture(root / scan / "color" / "0.jpg", seed, size=(24, 32))
        write_numbers(root / scan / "depth" / "0.png", ramp(seed) * factor)


def test_millimetres_in_scans_whose_rooms_stay_together(tmp_path: Path) -> None:
    write_scans(tmp_path / "scans")
    data = read(tmp_path)
    found = all_of(data)
    assert sorted(found) == ["scene0000", "scene0001", "scene0002"]
    np.testing.assert_allclose(found["scene0001"][1], shrunk(ramp(2)), atol=1e-3)
    assert "as scannet: PNG / 1000 is metres; 0 is no depth; split by room" in data.notes[0]
    assert data.notes[1].startswith("depth of 4 of 4 pictures has the picture's aspect and another size")


def test_only_scannets_own_names_are_rooms_with_a_scan() -> None:
    assert [room(name) for name in ("scene0707_03", "kitchen_01", "scene07")] == ["scene0707", "kitchen_01", "scene07"]


def test_a_256_times_too_large_depth_is_refused(tmp_path: Path) -> None:
    write_scans(tmp_path, factor=10_000)
    with pytest.raises(DataError, match=r"has 4\d(\.\d+)? m; export depth in the format's own scale"):
        read(tmp_path)


def test_marks_are_asked_about(tmp_path: Path) -> None:
    write_scans(tmp_path)
    for seed, scan in enumerate(SCANS):
        numbers = ramp(seed) * 1000
        numbers[:3] = 65535
        write_numbers(tmp_path / scan / "depth" / "0.png", numbers)
    with pytest.raises(DataError, match=r"65535 fills 25 % .* give --depth-invalid 65535"):
        read(tmp_path)
