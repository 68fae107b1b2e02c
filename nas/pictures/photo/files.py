"""Files of a 3D photo: a page, and GLB for other viewers."""

import numpy as np
from jaxtyping import Float32, UInt8

from nas.pictures.photo.glb import glb
from nas.pictures.photo.page import page
from nas.pictures.photo.photo import MOST_CELLS, photo_of

LARGEST_PAGE = 8_000_000  # bytes: what a phone loads without complaint
COARSER = (1, 2, 4)


def photo_files(
    rgb: UInt8[np.ndarray, "h w 3"], log_disparity: Float32[np.ndarray, "h w"], title: str
) -> dict[str, bytes]:
    """Contents of the files, by what follows the picture's name; see `photo_of`.

    Depth with an edge in every other place makes a large mesh: its cells are then made larger, until the page is not.
    """
    for times in COARSER:
        photo = photo_of(rgb, log_disparity, MOST_CELLS // times)
        shown = page(photo, title).encode()
        if len(shown) <= LARGEST_PAGE:
            break
    return {".html": shown, ".glb": glb(photo)}
