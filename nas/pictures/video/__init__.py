"""Depth of a video that does not flicker, from a network that sees one frame at a time. Imports nas.pictures and
nas.record.

`clip`, `depth`, `steady` and `flow` are imported by name: they import OpenCV and PyAV.
"""

from nas.pictures.video.errors import VideoError

__all__ = ["VideoError"]
