import io
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nas.depth.data.images import DataError
from tests.nas.depth.data.readers.sets_written import HEIGHT, WIDTH, all_of, ramp, read, shrunk


def encoded(array: np.ndarray, ending: str) -> bytes:
    written = io.BytesIO()
    if ending == "npy":
        np.save(written, array)
    else:
        Image.fromarray(array).save(written, "PNG" if ending == "png" else "JPEG")
    return written.getvalue()


def write_shard(path: Path, members: dict[str, bytes], mode: str = "w") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, mode) as shard:  # type: ignore[call-overload]  # the modes are texts of their own
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            shard.addfile(info, io.BytesIO(content))


def pair(key: str, seed: int, ending: str = "npy") -> dict[str, bytes]:
    rgb = np.random.default_rng(seed).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    depth = ramp(seed) if ending == "npy" else np.rint(ramp(seed) * 1000).astype(np.uint16)
    return {f"{key}.jpg": encoded(rgb, "jpg"), f"{key}.depth.{ending}": encoded(depth, ending)}


def test_pairs_of_one_key_are_read_wherever_they_lie_in_a_shard(tmp_path: Path) -> None:
    write_shard(tmp_path / "0.tar", {**pair("attic/1", 0), **pair("cellar/1", 1), "cellar/1.json": b"{}"})
    write_shard(tmp_path / "1.tar", {**pair("hall/1", 2), "hall/2.jpg": b"nothing"})
    data = read(tmp_path)
    for seed, group in enumerate(("attic", "cellar", "hall")):
        np.testing.assert_allclose(all_of(data)[group][1], shrunk(ramp(seed)), rtol=1e-5)
    assert "in 3 groups as webdataset: depth in the files' own unit; what is not above 0 is invalid; s" in data.notes[0]
    assert data.notes[1] == "not used: 1 keys without picture or depth (such as 1.tar/hall/2)"


def test_folders_are_parts(tmp_path: Path) -> None:
    for seed, folder in enumerate(("train", "val", "test")):
        write_shard(tmp_path / folder / "0.tar", pair(f"{folder}room_1", seed, "png"))
    parts = {group: part for group, (part, _) in all_of(read(tmp_path)).items()}
    assert parts == {"trainroom": "train", "valroom": "validation", "testroom": "test"}


def test_what_is_no_shard_is_named(tmp_path: Path) -> None:
    write_shard(tmp_path / "0.tar", {"a.txt": b"a"})
    with pytest.raises(
        DataError, match=r"shards hold KEY\.jpg and KEY\.depth\.png or KEY\.depth\.npy, .* no such pair"
    ):
        read(tmp_path)
    write_shard(tmp_path / "0.tar", pair("a/1", 0), mode="w:gz")
    with pytest.raises(DataError, match=r"must be an uncompressed tar file, .*0\.tar cannot be read"):
        read(tmp_path)
