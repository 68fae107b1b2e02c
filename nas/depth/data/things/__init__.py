"""Scenes of things that were made up at random, as pictures with depth. They import nas.depth.data.images,
nas.depth.data.resample and nas.depth.data.storage.
"""

from nas.depth.data.things.data_set import load, shard_folder

__all__ = [
    "load",
    "shard_folder",
]
