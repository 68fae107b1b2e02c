"""Input sizes on the command line."""

import re
from dataclasses import replace

from nas.space import Shape, Space


def resized(space: Space, size: str | None) -> Space:
    """The space at another input height and width, such as "384x288"; unchanged for None.

    Raises:
      ValueError: the text is no size, or the space cannot take it.
    """
    if size is None:
        return space
    return replace(space, input=Shape(space.input.channels, *read_size(size)))


def read_size(size: str) -> tuple[int, int]:
    """Height and width, from a text such as "384x288".

    Raises:
      ValueError: the text is no size.
    """
    match = re.fullmatch(r"(\d+)x(\d+)", size)
    if match is None:
        raise ValueError(f"a size is HEIGHTxWIDTH, such as 384x288, got {size!r}")
    return int(match[1]), int(match[2])
