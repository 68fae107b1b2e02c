import zipfile
from pathlib import Path

import numpy as np
import pytest

from nas.depth.data.images import DataError, DepthImages
from nas.depth.data.storage.shards import read_shard, write_shard
from tests.nas.depth.data.test_images import make_images


def assert_same(a: DepthImages, b: DepthImages) -> None:
    np.testing.assert_array_equal(a.rgb, b.rgb)
    np.testing.assert_array_equal(a.depth, b.depth)
    assert a.group == b.group


def test_a_shard_reads_back_as_written(tmp_path: Path) -> None:
    images = make_images(3, group="scène")
    write_shard(tmp_path / "deep" / "a.npz", images)
    assert_same(read_shard(tmp_path / "deep" / "a.npz"), images)
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["a.npz"]


@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_a_cut_off_shard_is_named_with_its_cure(tmp_path: Path, share: float) -> None:
    path = tmp_path / "a.npz"
    write_shard(path, make_images(3))
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(DataError, match=r"a\.npz is not .*delete it and make it again"):
        read_shard(path)


def test_flipped_bits_are_found(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    write_shard(path, make_images(3))
    content = bytearray(path.read_bytes())
    content[400] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"a\.npz"):
        read_shard(path)


@pytest.mark.parametrize(
    "arrays",
    [
        {"rgb": np.zeros((1, 2, 2, 3), np.uint8), "depth": np.ones((1, 2, 2), np.float32)},
        {"rgb": np.zeros((1, 2, 2, 3), np.uint8), "depth": np.ones((1, 2, 2)), "group": np.array(["a"])},
        {"rgb": np.zeros((1, 2, 2, 3), np.uint8), "depth": np.ones((1, 2, 3), np.float32), "group": np.array(["a"])},
        {"rgb": np.zeros((1, 2, 2, 3), np.uint8), "depth": np.ones((1, 2, 2), np.float32), "group": np.array([None])},
    ],
    ids=["no group", "depth of doubles", "shapes differ", "pickled group"],
)
def test_a_foreign_npz_is_refused(tmp_path: Path, arrays: dict[str, np.ndarray]) -> None:
    np.savez(tmp_path / "a.npz", **arrays)  # type: ignore[arg-type]  # numpy's stub takes keywords for flags
    with pytest.raises(DataError, match=r"a\.npz is not"):
        read_shard(tmp_path / "a.npz")


def test_a_bare_array_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "a.npz").open("wb") as file:
        np.save(file, np.zeros(3))
    with pytest.raises(DataError, match=r"a\.npz is not"):
        read_shard(tmp_path / "a.npz")


def test_a_damaged_stream_and_a_foreign_member_are_named(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez_compressed(path, rgb=np.zeros((9, 99, 99, 3), np.uint8))
    path.write_bytes(path.read_bytes()[:60] + b"\xff" * 20 + path.read_bytes()[80:])
    with pytest.raises(DataError, match=r"a\.npz is not"):
        read_shard(path)
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("rgb", "depth", "group"):
            archive.writestr(name, b"far")
    with pytest.raises(DataError, match=r"a\.npz is not"):
        read_shard(path)


def test_a_failed_write_leaves_the_old_shard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.npz"
    old = make_images(1)
    write_shard(path, old)

    def full_disk(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full_disk)
    with pytest.raises(OSError, match="No space left"):
        write_shard(path, make_images(2))
    assert_same(read_shard(path), old)
    assert list(tmp_path.iterdir()) == [path]
