"""What files tell: which picture has which depth, what one file holds and how it lies, which must not be split. They
import nas.depth.data.images and nas.errors.
"""

from nas.depth.data.files.contents import (
    MAX_PIXELS,
    Picture,
    Turn,
    opened,
    quiet,
    read_array,
    read_depth,
    read_picture,
    upright,
)
from nas.depth.data.files.grouping import TEST_SHARE, VALIDATION_SHARE, group_of, split_rest
from nas.depth.data.files.heic import open_heic
from nas.depth.data.files.orientation import UNREADABLE, UPRIGHT, orientation_of, same_aspect, turned
from nas.depth.data.files.pairing import RGB_SUFFIXES, Pair, list_folder, walk

__all__ = [
    "MAX_PIXELS",
    "RGB_SUFFIXES",
    "TEST_SHARE",
    "UNREADABLE",
    "UPRIGHT",
    "VALIDATION_SHARE",
    "Pair",
    "Picture",
    "Turn",
    "group_of",
    "list_folder",
    "open_heic",
    "opened",
    "orientation_of",
    "quiet",
    "read_array",
    "read_depth",
    "read_picture",
    "same_aspect",
    "split_rest",
    "turned",
    "upright",
    "walk",
]
