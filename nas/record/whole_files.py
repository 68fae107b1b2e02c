"""Files that are written whole or not at all: a draft beside the place, on the disk, then renamed."""

import os
from contextlib import suppress
from pathlib import Path

from nas.errors import NoRoomError, is_lack_of_room, room_text

DRAFT = ".part"


def write_whole(path: Path, content: bytes) -> None:
    """Put `content` in place of what was there, or leave that as it was; the folder is made.

    Raises:
      NoRoomError: the disk is full.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}{DRAFT}")
    try:
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        if not is_lack_of_room(error):
            raise
        with suppress(OSError):
            draft.unlink()  # half of it is of no use, and takes the room that the next needs
        raise NoRoomError(
            f"{path} cannot be written ({error.strerror}): {room_text(path.parent, len(content))}; "
            "make room there and run the same command again, it continues"
        ) from error
