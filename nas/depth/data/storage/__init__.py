"""Where pictures lie: in memory, in arrays that are read as they are drawn, in shards. They import
nas.depth.data.images, nas.errors and nas.processes.
"""

from nas.depth.data.storage.mapped import MappedArray
from nas.depth.data.storage.rendering import Part, rendered, split
from nas.depth.data.storage.room import Room, filled, is_in_files, joined, usual_room
from nas.depth.data.storage.shards import read_shard, write_shard

__all__ = [
    "MappedArray",
    "Part",
    "Room",
    "filled",
    "is_in_files",
    "joined",
    "read_shard",
    "rendered",
    "split",
    "usual_room",
    "write_shard",
]
