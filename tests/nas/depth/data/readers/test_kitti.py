from pathlib import Path

import numpy as np
import pytest

from nas.depth.data.images import DataError
from tests.nas.depth.data.readers.sets_written import all_of, ramp, read, shrunk, write_numbers, write_picture

DRIVES = ("2011_09_26_drive_0001_sync", "2011_09_26_drive_0002_sync", "2011_09_26_drive_0005_sync")


def write_annotated(root: Path, *, part: str = "train", drives: tuple[str, ...] = DRIVES, factor: float = 256) -> None:
    for seed, drive in enumerate(drives):
        write_numbers(
            root / part / drive / "proj_depth/groundtruth/image_02/0000000005.png", ramp(seed, farthest=30) * factor
        )
        write_picture(root / drive[:10] / drive / "image_02/data/0000000005.png", seed)


def test_the_annotated_depth_maps_are_metres_beside_the_raw_drives(tmp_path: Path) -> None:
    write_annotated(tmp_path)
    data = read(tmp_path)
    found = all_of(data)
    assert sorted(found) == [drive.removesuffix("_sync") for drive in DRIVES]
    for seed, drive in enumerate(DRIVES):
        depth = found[drive.removesuffix("_sync")][1]
        np.testing.assert_allclose(depth, shrunk(ramp(seed, farthest=30)), atol=1 / 256)
    assert data.notes[0].startswith(
        "read 3 pictures in 3 groups as kitti: PNG / 256 is metres; 0 is no depth; split by drive, 1 to train on, "
        "1 for validation and 1 for test; 100 % of the depth's pixels are valid, their median depth is 16"
    )


def test_one_measured_pixel_of_an_area_is_enough(tmp_path: Path) -> None:
    write_annotated(tmp_path)
    sparse = np.zeros((12, 16))
    sparse[1::2, 1::2] = np.linspace(40, 4, 6)[:, None]
    for drive in DRIVES:
        write_numbers(tmp_path / "train" / drive / "proj_depth/groundtruth/image_02/0000000005.png", sparse * 256)
    data = read(tmp_path)
    np.testing.assert_allclose(data.train.depth[0], sparse[1::2, 1::2], atol=1 / 256)
    assert "25 % of the depth's pixels are valid" in data.notes[0]


def test_val_is_kept_for_test_and_a_depth_map_without_its_picture_is_counted(tmp_path: Path) -> None:
    write_annotated(tmp_path)
    later = ("2011_09_28_drive_0002_sync", "2011_09_29_drive_0026_sync")
    write_annotated(tmp_path, part="val", drives=later)
    (tmp_path / "2011_09_29" / later[1] / "image_02/data/0000000005.png").unlink()
    data = read(tmp_path)
    parts = {group: part for group, (part, _) in all_of(data).items()}
    assert parts.pop("2011_09_28_drive_0002") == "test"
    assert sorted(parts.values()) == ["train", "train", "validation"]
    assert "split by drive, val/ kept for test, 2 to train on" in data.notes[0]
    assert data.notes[1].startswith("not used: 1 depth file without a picture (val/2011_09_29_drive_0026_sync/proj")


def test_the_selection_for_validation_is_read_too(tmp_path: Path) -> None:
    below = tmp_path / "val_selection_cropped"
    for seed, drive in enumerate(DRIVES):
        write_numbers(
            below / "groundtruth_depth" / f"{drive}_groundtruth_depth_0000000005_image_02.png", ramp(seed) * 256
        )
        write_picture(below / "image" / f"{drive}_image_0000000005_image_02.png", seed)
    assert sorted(all_of(read(tmp_path))) == [drive.removesuffix("_sync") for drive in DRIVES]


def test_depth_256_times_too_large_is_refused_with_what_it_would_be(tmp_path: Path) -> None:
    write_annotated(tmp_path, factor=2000)
    with pytest.raises(DataError, match=r"the median depth of kitti lies between 2 and 80 m where PNG / 256 is metres"):
        read(tmp_path)
    with pytest.raises(DataError, match=r"has 12\d(\.\d)? m; export depth in the format's own scale"):
        read(tmp_path)


def test_depth_without_any_picture_is_refused(tmp_path: Path) -> None:
    write_annotated(tmp_path)
    (tmp_path / "2011_09_26").rename(tmp_path / "elsewhere")
    with pytest.raises(DataError, match=r"KITTI's depth maps need their pictures beside them, .* has 3 depth files"):
        read(tmp_path)
