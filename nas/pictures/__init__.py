"""Depth of any picture and video, and the 3D photo of it. Imports nas.deploy, nas.depth.data, nas.errors, nas.lowering
and nas.record.

`depth`, `upsampling`, `models`, `photo` and `video` are imported by name: they import OpenCV, Matplotlib and runtimes.
"""

from nas.pictures.files import PictureFile, picture_files
from nas.pictures.model import DepthModel, ModelError
from nas.pictures.reading import LARGEST_SIDE, PictureError, Sight, read_any
from nas.pictures.sizes import network_size

__all__ = [
    "LARGEST_SIDE",
    "DepthModel",
    "ModelError",
    "PictureError",
    "PictureFile",
    "Sight",
    "network_size",
    "picture_files",
    "read_any",
]
