"""The page of pictures: its files are those that are written, its figures the code's."""

import re

import pytest

from tests.docs.pages import ROOT, Page

PAGE = Page(name="pictures.md")


def test_it_names_the_files_that_are_written() -> None:
    pytest.importorskip("cv2", reason="pip install 'chamnas[pictures]'")
    import numpy as np

    from nas.pictures.depth import depth_files
    from nas.pictures.photo.files import photo_files

    depth, rgb = np.zeros((16, 16), np.float32), np.zeros((16, 16, 3), np.uint8)
    written = {*depth_files(depth), *photo_files(rgb, depth, "a")}
    assert set(re.findall(r"^\| `NAME([^`]+)`", PAGE.text, re.MULTILINE)) == written


def test_its_figures_are_those_of_the_code() -> None:
    from nas.pictures import LARGEST_SIDE

    assert f"more than {LARGEST_SIDE:,} pixels a side" in PAGE.text
    code = (ROOT / "nas/pictures/upsampling.py").read_text()
    for figure in (".0175", ".0286", ".0371", ".0235"):
        assert figure in code and figure in PAGE.text
