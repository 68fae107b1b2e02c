"""One-sentence errors for failures outside our code: users' code, users' files, a full disk. Imports nothing else of
ours.
"""

from nas.errors.full_disk import FULL, NoRoomError, is_lack_of_room, room_text, size_text
from nas.errors.own_code import aside, is_ours, place, told
from nas.errors.unreadable_files import reading, refusing

__all__ = [
    "FULL",
    "NoRoomError",
    "aside",
    "is_lack_of_room",
    "is_ours",
    "place",
    "reading",
    "refusing",
    "room_text",
    "size_text",
    "told",
]
