from pathlib import Path

import h5py
import numpy as np
import pytest
from scipy.io import savemat

from nas.depth.data.images import DataError
from tests.nas.depth.data.readers.sets_written import HEIGHT, WIDTH, all_of, ramp, read, shrunk

SCENES = ("kitchen_0004", "office_0003", "bedroom_0010", "kitchen_0004", "study_0002")
FILE = "nyu_depth_v2_labeled.mat"


def write_nyu(root: Path, *, factor: float = 1) -> np.ndarray:
    """The labelled part as MATLAB writes it: every array transposed, texts behind references."""
    colours = np.random.default_rng(0).integers(0, 256, (len(SCENES), HEIGHT, WIDTH, 3), dtype=np.uint8)
    with h5py.File(root / FILE, "w") as file:
        file["images"] = colours.transpose(0, 3, 2, 1)
        depths = np.stack([ramp(seed) * factor for seed in range(len(SCENES))]).astype(np.float32)
        depths[:, :2] = 0
        file["depths"] = depths.transpose(0, 2, 1)
        texts = file.create_group("#refs#")
        for i, scene in enumerate(SCENES):
            texts[str(i)] = np.array([[ord(letter)] for letter in scene], dtype=np.uint16)
        file.create_dataset("scenes", (1, len(SCENES)), dtype=h5py.ref_dtype)
        file["scenes"][0] = np.array([texts[str(i)].ref for i in range(len(SCENES))], dtype=h5py.ref_dtype)
    return colours


def test_columns_come_first_in_the_file_and_scenes_behind_references(tmp_path: Path) -> None:
    colours = write_nyu(tmp_path)
    data = read(tmp_path)
    found = all_of(data)
    assert sorted(found) == sorted(set(SCENES))
    for seed, scene in ((1, "office_0003"), (2, "bedroom_0010"), (4, "study_0002")):
        depth = found[scene][1]
        assert np.isnan(depth[0]).all()
        np.testing.assert_allclose(depth[1:], shrunk(ramp(seed))[1:], rtol=1e-5)
        images = {"train": data.train, "validation": data.validation, "test": data.test}[found[scene][0]]
        wanted = colours[seed].reshape(6, 2, 8, 2, 3).mean(axis=(1, 3))
        np.testing.assert_allclose(images.rgb[images.group.index(scene)], wanted, atol=0.51)
    assert "read 5 pictures in 4 groups as nyu: HDF5 in metres; 0 is no depth; split by scene, " in data.notes[0]


def test_the_published_test_part_is_kept_and_the_file_can_be_named(tmp_path: Path) -> None:
    write_nyu(tmp_path)
    savemat(tmp_path / "splits.mat", {"testNdxs": np.array([[2], [3]]), "trainNdxs": np.array([[1], [4], [5]])})
    data = read(tmp_path / FILE)
    assert set(data.test.group) == {"office_0003", "bedroom_0010"}
    assert "split by scene, test as splits.mat says" in data.notes[0]
    savemat(tmp_path / "splits.mat", {"testNdxs": np.array([[9]])})
    with pytest.raises(DataError, match=r"splits\.mat cannot be read \(it names picture 9 of 5\)"):
        read(tmp_path)


def test_what_is_no_such_file_is_named(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"MATLAB 5.0")
    with pytest.raises(DataError, match=r"must be HDF5 .* labeled\.mat cannot be read|_labeled\.mat cannot be read"):
        read(tmp_path)
    with h5py.File(tmp_path / FILE, "w") as file:
        file["images"] = np.zeros(3)
    with pytest.raises(DataError, match=r"_labeled\.mat cannot be read"):
        read(tmp_path)


def test_a_256_times_too_large_depth_is_refused(tmp_path: Path) -> None:
    write_nyu(tmp_path, factor=256)
    with pytest.raises(DataError, match=r"median depth of nyu lies between 0\.5 and 10 m .* if divided by 256"):
        read(tmp_path)
