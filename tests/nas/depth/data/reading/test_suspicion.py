"""What is refused, or asked about, because it looks like something else."""

from pathlib import Path

import numpy as np
import pytest

from nas.depth.data.depth_encoding import Meaning
from nas.depth.data.images import DataError
from tests.nas.depth.data.pairs_written import read_folder, write_pair


def write_ramps(folder: Path, *, rising: int, number: int = 12) -> Path:
    """Pictures of which so many are farther at the lower edge."""
    for i in range(number):
        ramp = np.linspace(1, 5, 8)[:, None] * np.random.default_rng(i).uniform(0.9, 1.1, (8, 8))
        write_pair(folder, f"room{i:02d}/1", kind="npy", depth=ramp if i < rising else ramp[::-1])
    return folder


def test_depth_that_grows_downward_is_asked_about(tmp_path: Path) -> None:
    folder = write_ramps(tmp_path / "mine", rising=11)
    asked = (
        r"farther there in 91\.7 % of the pictures of mine, as if depth and disparity were exchanged; give --depth-is "
        "disparity if greater is nearer, or --depth-is depth if the pictures are so"
    )
    with pytest.raises(DataError, match=asked):
        read_folder(folder, size=(6, 8))
    for kind in ("depth", "disparity"):
        assert len(read_folder(folder, size=(6, 8), meaning=Meaning(kind=kind)).notes) == 1


@pytest.mark.parametrize(("rising", "number"), [(10, 12), (0, 12), (11, 11)])
def test_few_pictures_or_a_few_others_are_not(tmp_path: Path, rising: int, number: int) -> None:
    assert len(read_folder(write_ramps(tmp_path, rising=rising, number=number), size=(6, 8)).notes) == 1
