"""The embedded data set: Freedoom's maps, rendered by ViZDoom. They import nas.depth.data.images,
nas.depth.data.resample and nas.depth.data.storage.
"""

from nas.depth.data.freedoom.data_set import MAPS, load, part_of, shard_folder

__all__ = [
    "MAPS",
    "load",
    "part_of",
    "shard_folder",
]
