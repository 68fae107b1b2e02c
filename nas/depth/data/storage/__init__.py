"""Where pictures lie: in memory, in arrays that are read as they are drawn, in shards. They import
nas.depth.data.images and nas.errors.
"""

from nas.depth.data.storage.mapped import MappedArray
from nas.depth.data.storage.room import Room, filled, is_in_files, joined, usual_room
from nas.depth.data.storage.shards import read_shard, write_shard

__all__ = [
    "MappedArray",
    "Room",
    "filled",
    "is_in_files",
    "joined",
    "read_shard",
    "usual_room",
    "write_shard",
]
