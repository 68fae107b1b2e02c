"""The files of a 3D photo, and how large a page may become."""

import numpy as np
import pytest

pytest.importorskip("cv2", reason="pip install 'chamnas[pictures]'")

from nas.pictures.photo import files
from nas.pictures.photo.files import photo_files
from nas.pictures.photo.photo import MOST_CELLS, photo_of
from tests.nas.pictures.photo.scene import View, rendered


@pytest.mark.slow
def test_a_page_that_would_be_too_large_is_made_of_larger_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    rgb, log_disparity = (np.tile(one, (3, 3) if one.ndim == 2 else (3, 3, 1)) for one in rendered(View()))
    whole = photo_files(rgb, log_disparity, "whole")
    monkeypatch.setattr(files, "LARGEST_PAGE", len(whole[".html"]) - 1)
    monkeypatch.setattr(files, "MOST_CELLS", 480)
    small = photo_files(rgb, log_disparity, "small")
    assert len(small[".html"]) < len(whole[".html"]) and len(small[".glb"]) < len(whole[".glb"])
    assert photo_of(rgb, log_disparity, 240).cell == 2 and photo_of(rgb, log_disparity, MOST_CELLS).cell == 1


def test_a_large_picture_is_shown_at_the_largest_texture() -> None:
    rgb, log_disparity = (one.repeat(20, 0).repeat(20, 1) for one in rendered(View()))
    photo = photo_of(rgb, log_disparity, 100)
    assert photo.size == (1536, 2048) and photo.cell == 21
    assert photo.picture.shape == (photo.cells[0] * 21, photo.cells[1] * 21, 3)
    inside = photo.picture[photo.border * 21 :, photo.border * 21 :][:1536, :2048]
    assert np.abs(inside[::13, ::13].mean((0, 1)) - rgb.mean((0, 1))).max() < 2
