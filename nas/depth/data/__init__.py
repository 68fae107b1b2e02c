"""Images with their depth: what they are, and data sets as a user names them; by room their files, readers of formats,
the reading of a whole set, where pictures lie, Freedoom's maps, scenes of things. They import nas.errors, nas.plugins
and nas.processes.
"""

from nas.depth.data.depth_encoding import Kind, Meaning, text_of
from nas.depth.data.files import MAX_PIXELS, UPRIGHT, opened, orientation_of, quiet, turned
from nas.depth.data.images import DataError, DepthData, DepthImages
from nas.depth.data.mixture import mixed

__all__ = [
    "MAX_PIXELS",
    "UPRIGHT",
    "DataError",
    "DepthData",
    "DepthImages",
    "Kind",
    "Meaning",
    "mixed",
    "opened",
    "orientation_of",
    "quiet",
    "text_of",
    "turned",
]
