"""Images with their depth, one source in each file: a folder, shards, Freedoom's maps. They import nas.errors and
nas.processes.
"""

from nas.depth.data.depth_encoding import Kind, Meaning, text_of
from nas.depth.data.images import DataError, DepthData, DepthImages

__all__ = [
    "DataError",
    "DepthData",
    "DepthImages",
    "Kind",
    "Meaning",
    "text_of",
]
