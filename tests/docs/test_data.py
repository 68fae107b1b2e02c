"""The page on data sets: its table names every reader, and its own reader reads."""

import re
from pathlib import Path

import numpy as np

from nas.depth.data.sets import DataSet, read_sets
from nas.plugins import READERS
from tests.docs.pages import Page
from tests.nas.depth.data.readers.sets_written import SIZE, ramp, shrunk, write_picture

PAGE = Page(name="data.md")


def test_the_table_has_a_row_for_every_reader() -> None:
    assert sorted(re.findall(r"^\| `(\w+)` \|", PAGE.text, re.MULTILINE)) == sorted(READERS.keys())


def test_the_reader_of_ones_own_reads(tmp_path: Path) -> None:
    (source,) = PAGE.blocks()
    (tmp_path / "lab.py").write_text(source)
    for seed in range(3):
        write_picture(tmp_path / "mine" / f"scene_{seed}.png", seed)
        np.save(tmp_path / "mine" / f"scene_{seed}.npy", ramp(seed) * 100)
    data = read_sets([DataSet(path=tmp_path / "mine", reader=str(tmp_path / "lab.py"))], size=SIZE)
    seed = int(data.train.group[0][-1])
    np.testing.assert_allclose(data.train.depth[0], shrunk(ramp(seed)), rtol=1e-5)
    assert "as lab: NPY / 100 is metres; 0 is no depth; split by scene" in data.notes[0]
