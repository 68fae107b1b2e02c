"""The experiment on photographs: rendered maps and scenes of things, half and half, unless the user brings pictures."""

from pathlib import Path

import numpy as np
import pytest

from launch.experiment import Workplace
from launch.experiments import photos
from nas.depth.data import DataError, DepthImages, freedoom, things
from nas.depth.data.storage import write_shard
from nas.evaluators.depth import DepthEvaluator


def place(tmp_path: Path, *, data: Path | None = None) -> Workplace:
    return Workplace(cache=tmp_path, data=data, workers=1, progress=lambda *_: None)


def write(folder: Path, names: list[str]) -> None:
    for name in names:
        rgb, depth = np.zeros((1, *photos.SIZE, 3), dtype=np.uint8), np.ones((1, *photos.SIZE), dtype=np.float32)
        write_shard(folder / f"{name}.npz", DepthImages(rgb=rgb, depth=depth, group=(name,)))


def test_half_of_what_is_drawn_is_of_each(tmp_path: Path) -> None:
    write(freedoom.shard_folder(tmp_path, num_images=photos.NUM_MAPS, seed=0, size=photos.SIZE), list(freedoom.MAPS))
    scenes = things.shard_folder(tmp_path, num_images=photos.NUM_SCENES, seed=0, size=photos.SIZE)
    write(scenes, [f"scenes{i:02d}" for i in range(64)])
    evaluator = photos.experiment().make_evaluator(place(tmp_path))
    assert isinstance(evaluator, DepthEvaluator)
    train = evaluator.data.train
    assert train.draws is not None
    of_things = np.array([name.startswith("things/") for name in train.group])
    assert (of_things.sum(), (~of_things).sum()) == (48, 51)
    assert train.draws[of_things].sum() == pytest.approx(train.draws[~of_things].sum())


def test_a_users_own_pictures_take_their_place(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no data set"):
        photos.experiment().make_evaluator(place(tmp_path, data=tmp_path / "mine"))
