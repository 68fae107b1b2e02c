"""Depth of any picture, and the 3D photo of it. Imports nas.deploy,
nas.depth.data, nas.errors and nas.lowering.

`depth`, `upsampling`, `models` and `photo` are imported by name: they import OpenCV, Matplotlib and runtimes.
"""

from nas.pictures.files import VIDEO_SUFFIXES, PictureFile, picture_files
from nas.pictures.model import DepthModel, ModelError
from nas.pictures.reading import LARGEST_SIDE, PictureError, Sight, read_any
from nas.pictures.sizes import network_size

__all__ = [
    "LARGEST_SIDE",
    "VIDEO_SUFFIXES",
    "DepthModel",
    "ModelError",
    "PictureError",
    "PictureFile",
    "Sight",
    "network_size",
    "picture_files",
    "read_any",
]
