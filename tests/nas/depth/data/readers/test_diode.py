from pathlib import Path

import numpy as np
import pytest

from nas.depth.data.images import DataError
from tests.nas.depth.data.readers.sets_written import all_of, ramp, read, shrunk, write_picture

SCENES = ("scene_00019", "scene_00020", "scene_00021")


def write_scenes(root: Path, scenes: tuple[str, ...] = SCENES, *, invalid: int = 4, factor: float = 1) -> None:
    for seed, scene in enumerate(scenes):
        stem = root / "indoors" / scene / "scan_00183" / f"{seed:05d}_00183_indoors_000_000"
        write_picture(stem.with_suffix(".png"), seed)
        mask = np.ones((12, 16), dtype=np.float32)
        mask[:invalid] = 0
        np.save(f"{stem}_depth.npy", (ramp(seed) * factor).astype(np.float32)[..., None])
        np.save(f"{stem}_depth_mask.npy", mask)


def test_the_mask_says_what_is_valid(tmp_path: Path) -> None:
    write_scenes(tmp_path / "val")
    data = read(tmp_path)
    for seed, scene in enumerate(SCENES):
        depth = all_of(data)[scene][1]
        assert np.isnan(depth[:2]).all()
        np.testing.assert_allclose(depth[2:], shrunk(ramp(seed))[2:], rtol=1e-5)
    assert "as diode: NPY in metres; the mask says what is valid; split by scene, 1 to" in data.notes[0]
    assert "66.7 % of the depth's pixels are valid, their median depth is 3." in data.notes[0]


def test_scenes_of_val_are_the_test_part_where_train_is_there(tmp_path: Path) -> None:
    write_scenes(tmp_path / "train")
    write_scenes(tmp_path / "val", ("scene_00001",))
    parts = {group: part for group, (part, _) in all_of(read(tmp_path)).items()}
    assert parts.pop("scene_00001") == "test" and sorted(parts.values()) == ["train", "train", "validation"]


def test_what_is_all_masked_or_misshapen_is_named(tmp_path: Path) -> None:
    write_scenes(tmp_path, invalid=12)
    with pytest.raises(DataError, match=r"every pixel of indoors/scene_000.*_depth\.npy is invalid"):
        read(tmp_path)
    write_scenes(tmp_path)
    mask = next(tmp_path.rglob("*_depth_mask.npy"))
    np.save(mask, np.ones((3, 4)))
    with pytest.raises(DataError, match=r"depth's shape \(12, 16\), indoors/.*_mask\.npy has \(3, 4\); restore it"):
        read(tmp_path)
    mask.unlink()
    with pytest.raises(DataError, match=r"_depth_mask\.npy cannot be read"):
        read(tmp_path)


def test_a_256_times_too_large_depth_is_refused(tmp_path: Path) -> None:
    write_scenes(tmp_path, factor=256)
    with pytest.raises(DataError, match=r"median depth of diode .* if divided by 256"):
        read(tmp_path)
