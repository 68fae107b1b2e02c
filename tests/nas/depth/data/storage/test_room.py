"""Training pictures that do not fit into memory: the same ones, in files."""

import pickle
from pathlib import Path

import numpy as np
import pytest

from nas.depth.data.images import DataError, DepthImages
from nas.depth.data.sets import DataSet, read_sets
from nas.depth.data.storage.mapped import MappedArray
from nas.depth.data.storage.room import Room, filled, is_in_files, usual_room
from tests.nas.depth.data.readers.sets_written import SIZE
from tests.nas.depth.data.test_images import make_images
from tests.nas.depth.data.test_sets import write_plain


def in_files(images: DepthImages, folder: Path) -> DepthImages:
    def fill(rgb: np.ndarray, depth: np.ndarray) -> tuple[str, ...]:
        rgb[:], depth[:] = images.rgb, images.depth
        return images.group

    return filled(len(images), images.size, fill, Room(folder=folder, memory_bytes=0), "some")


def test_what_lies_in_files_is_what_was_written_and_travels_by_its_path(tmp_path: Path) -> None:
    images = make_images(5)
    mapped = in_files(images, tmp_path)
    assert is_in_files(mapped) and not is_in_files(images)
    np.testing.assert_array_equal(mapped.rgb, images.rgb)
    np.testing.assert_array_equal(mapped.depth, images.depth)
    taken = mapped.take(np.array([3, 1]))
    assert type(taken.rgb) is np.ndarray and not is_in_files(taken)
    sent = pickle.dumps(mapped, protocol=5)
    again = pickle.loads(sent)
    assert len(sent) < images.rgb.nbytes + images.depth.nbytes + 600 and isinstance(again.rgb, MappedArray)
    np.testing.assert_array_equal(again.depth, images.depth)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["some-depth.npy", "some-rgb.npy"]


def test_large_sets_travel_as_small_ones(tmp_path: Path) -> None:
    small, large = (pickle.dumps(in_files(make_images(n), tmp_path), protocol=5) for n in (5, 500))
    assert len(large) < len(small) + 8 * 500


def test_what_cannot_be_filled_leaves_nothing(tmp_path: Path) -> None:
    def fill(rgb: np.ndarray, depth: np.ndarray) -> tuple[str, ...]:
        raise DataError("a file is damaged; replace it")

    with pytest.raises(DataError, match="a file is damaged"):
        filled(3, (4, 4), fill, Room(folder=tmp_path, memory_bytes=0), "some")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("number", [1, 2])
def test_a_set_or_a_mixture_that_is_too_large_is_read_into_files_and_said(tmp_path: Path, number: int) -> None:
    sets = [DataSet(path=write_plain(tmp_path / f"set{i}", 10 * i)) for i in range(number)]
    whole = read_sets(sets, size=SIZE)
    room = Room(folder=tmp_path / "room", memory_bytes=SIZE[0] * SIZE[1])
    mapped = read_sets(sets, size=SIZE, room=room)
    assert is_in_files(mapped.train) and not is_in_files(mapped.test)
    np.testing.assert_array_equal(mapped.train.depth, whole.train.depth)
    np.testing.assert_array_equal(mapped.train.rgb, whole.train.rgb)
    assert mapped.digest == whole.digest and mapped.train.group == whole.train.group
    assert "training pictures take more than" in " ".join(mapped.notes)
    wide = read_sets(sets, size=SIZE, room=usual_room(tmp_path))
    assert not is_in_files(wide.train) and wide.notes == whole.notes
