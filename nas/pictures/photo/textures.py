"""Textures of a 3D photo as JPEG, and where its vertices lie in them."""

import io

import numpy as np
from jaxtyping import Float32, UInt8
from PIL import Image

from nas.pictures.photo.photo import Photo

QUALITY, HIDDEN_QUALITY = 92, 85


def jpeg(colours: UInt8[np.ndarray, "h w 3"], quality: int) -> bytes:
    """Without loss of colours' resolution where it is for the front, which at rest is to look like the picture."""
    file = io.BytesIO()
    Image.fromarray(colours).save(file, "JPEG", quality=quality, subsampling=0 if quality == QUALITY else 2)
    return file.getvalue()


def coordinates(photo: Photo) -> Float32[np.ndarray, "v 2"]:
    """Of each vertex in its layer's texture, from the top left corner, in [0, 1]."""
    height, width = photo.cells
    down = photo.mesh.y + height * np.maximum(photo.mesh.layer - 1, 0)
    over = np.where(photo.mesh.layer > 0, height * max(photo.num_hidden, 1), height)
    return np.stack([photo.mesh.x / width, down / over], axis=1).astype(np.float32)
