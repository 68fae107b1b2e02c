"""Files of a 3D photo: a page, and GLB for other viewers."""

import numpy as np
from jaxtyping import Float32, UInt8

from nas.pictures.photo.glb import glb
from nas.pictures.photo.page import page
from nas.pictures.photo.photo import photo_of


def photo_files(
    rgb: UInt8[np.ndarray, "h w 3"], log_disparity: Float32[np.ndarray, "h w"], title: str
) -> dict[str, bytes]:
    """Contents of the files, by what follows the picture's name; see `photo_of`."""
    photo = photo_of(rgb, log_disparity)
    return {".html": page(photo, title).encode(), ".glb": glb(photo)}
