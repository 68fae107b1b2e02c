"""A reader turns a data set as its makers publish it into examples: a picture, the numbers of its depth, the depth.

It lists what there is, and reads one example at a time; splitting, cropping, shrinking, checks and what is said of it
all are the same for every reader (`nas.depth.data.reading`). A file that exports `READER` is one.

depth    planar distance, in metres where the format says so; what is not above 0, and NaN, is invalid
numbers  the same pixels as they stand in the file: what a user can look at, and name as invalid
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Shaped

from nas.depth.data.depth_encoding import Kind, Meaning
from nas.depth.data.files import Picture, Turn
from nas.depth.data.images import DataError
from nas.errors import reading

Part = Literal["train", "validation", "test"]


class Files:
    """Reads the files of a data set below `root`, and keeps the digest of their names and contents."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._hash = hashlib.sha256()

    @property
    def digest(self) -> str:
        """SHA-256 of the names and contents of all files read so far: another machine's decoder changes nothing."""
        return self._hash.hexdigest()

    def content(self, path: Path) -> bytes:
        """A whole file.

        Raises:
          DataError: it cannot be read.
        """
        with reading(path, DataError, rule="a data set's files must be readable", cure="change its permissions"):
            content = path.read_bytes()
        self.add(relative(path, self._root), content)
        return content

    def add(self, name: str, content: bytes) -> None:
        """Take into the digest what was read from inside a larger file."""
        self._hash.update(f"{name}\0{len(content)}\0".encode())
        self._hash.update(content)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Frame:
    """An example as it was read; `numbers` and `depth` have one shape, which is the picture's or of its aspect.

    Attributes:
      depth_name: the file of the depth, for messages.
      turn: how the depth was turned.
    """

    picture: Picture
    depth_name: str
    numbers: Shaped[np.ndarray, "h w"]
    depth: Float[np.ndarray, "h w"]
    turn: Turn = "none"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Example:
    """A picture that can be read.

    Attributes:
      name: of the picture, below the data set's folder.
      group: what it must not be split from, such as its scene.
      part: where its makers have put it; None if they have not said.
      read: reads it; raises DataError if it cannot.
    """

    name: str
    group: str
    read: Callable[[Files], Frame]
    part: Part | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Source:
    """What lies in a folder, and what its format says of it.

    Attributes:
      examples: in the order of their names.
      scale: what the numbers are, such as "PNG / 256 is metres".
      invalid: what marks pixels without depth, such as "0 is no depth".
      split: by what it is split, such as "split by drive".
      kind: what the files hold; None where nothing but its owner says.
      median_m: between which depths in metres the median of such data lies; None where depth has no unit.
      sparse: whether only some pixels are measured, such as those that a lidar has met.
      asks_marks: whether a value that fills the top of the range may be a mark of which nobody has spoken.
      unused: a sentence on what is not read, "" for nothing.
    """

    examples: tuple[Example, ...]
    scale: str
    invalid: str
    split: str
    kind: Kind | None
    median_m: tuple[float, float] | None
    sparse: bool = False
    asks_marks: bool = False
    unused: str = ""


@runtime_checkable
class Reader(Protocol):
    """One format of data sets."""

    def recognises(self, path: Path) -> bool:
        """Whether `path` looks like such a data set; reads no picture."""

    def open(self, path: Path, meaning: Meaning) -> Source:
        """What lies there.

        Args:
          meaning: what its owner says of the numbers, for formats that do not say it themselves.

        Raises:
          DataError: it is no such data set.
        """


def relative(path: Path, root: Path) -> str:
    """The path below `root`, alike on every system."""
    return path.relative_to(root if root.is_dir() else root.parent).as_posix()
