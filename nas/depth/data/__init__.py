"""Images with their depth, one source in each file: a folder, shards, Freedoom's maps. They import nas.errors,
nas.plugins and nas.processes.
"""

from nas.depth.data.depth_encoding import Kind, Meaning, text_of
from nas.depth.data.images import DataError, DepthData, DepthImages
from nas.depth.data.orientation import UPRIGHT, orientation_of, turned
from nas.depth.data.picture_files import MAX_PIXELS, opened, quiet

__all__ = [
    "MAX_PIXELS",
    "UPRIGHT",
    "DataError",
    "DepthData",
    "DepthImages",
    "Kind",
    "Meaning",
    "opened",
    "orientation_of",
    "quiet",
    "text_of",
    "turned",
]
