r"""Data sets as a user names them: where, by which reader, and how often; several are mixed by their weights.

    FOLDER                the reader is found out from what lies there
    kitti:FOLDER          or named: a key, a dotted path, a file of one's own, or a teacher's ONNX file
    FOLDER:2              a weight: of the pictures that a training draws, this set gives 2 for each 1 of a set of 1

A drive's letter is no reader ("C:\data"), and what is there as it is written is a path, colons and all.
"""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from nas.depth.data.depth_encoding import Meaning
from nas.depth.data.images import DataError, DepthData
from nas.depth.data.mixture import mixed
from nas.depth.data.readers.reader import Reader
from nas.depth.data.readers.teacher import SUFFIX, TeacherReader
from nas.depth.data.reading import AS_WRITTEN, read_set
from nas.depth.data.storage import Room
from nas.plugins import READERS

PLAIN, TEACHER = "folder", "teacher"
OWNERS_SAY = (PLAIN, TEACHER, "webdataset")
"""Readers of files whose owner says whether they hold depth or disparity."""
NAMED = re.compile(r"(?P<reader>[^:/\\]*[^:]+?):(?P<path>.+)", re.DOTALL)
WEIGHTED = re.compile(r"(?P<rest>.+):(?P<weight>[^:/\\]*)", re.DOTALL)
DRIVE = re.compile(r"[A-Za-z]:[/\\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSet:
    """A data set that somebody has named.

    Attributes:
      reader: None for the one that is found out.
      weight: how often its pictures are drawn, relative to those of other sets.

    Raises:
      DataError: the weight is no finite number above 0.
    """

    path: Path
    reader: str | None = None
    weight: float = 1.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.weight) and self.weight > 0):
            raise DataError(f"a weight must be above 0, got {self.weight:g} for {self.path}; leave the set out instead")

    @property
    def is_plain(self) -> bool:
        """Whether nothing is said but a path."""
        return self.reader is None and self.weight == 1

    @property
    def text(self) -> str:
        """As a user names it."""
        weight = "" if self.weight == 1 else f":{self.weight:g}"
        return f"{f'{self.reader}:' if self.reader else ''}{self.path}{weight}"


def parse(text: str) -> DataSet:
    """The data set that a text names, its paths as seen from the root.

    Raises:
      DataError: its reader is unknown, or its weight no number above 0.
    """
    if not text.strip():
        raise DataError(f"--data names a data set, got {text!r}; give a folder or a file")
    if Path(text).exists():
        return DataSet(path=Path(text).absolute())
    rest, weight = _weight(text)
    reader, path = _reader(rest)
    if reader is not None and reader.endswith((".py", SUFFIX)):
        reader = str(Path(reader).absolute())
    return DataSet(path=Path(path).absolute(), reader=reader, weight=weight)


def _weight(text: str) -> tuple[str, float]:
    found = WEIGHTED.fullmatch(text)
    if found is None or (len(found["rest"]) == 1 and DRIVE.match(text)):
        return text, 1.0
    try:
        return found["rest"], float(found["weight"])
    except ValueError:
        return text, 1.0


def _reader(text: str) -> tuple[str | None, str]:
    """The reader's name, if there is one, and the rest."""
    if Path(text).exists() or DRIVE.match(text):
        return None, text
    for end in (at.start() for at in re.finditer(":", text)):
        name, path = text[:end], text[end + 1 :]
        if end > 1 and path and _is_reader(name):
            return name, path
    first = text.partition(":")
    if first[1] and re.fullmatch(r"\w{2,}", first[0]):
        READERS.load(first[0])  # which names those that are known
    return None, text


def _is_reader(name: str) -> bool:
    return name in READERS.keys() or name.endswith((".py", SUFFIX)) or re.fullmatch(r"\w+(\.\w+)+", name) is not None


def reader_of(data: DataSet) -> tuple[str, Reader]:
    """The reader of a data set and its key, found out where nobody names it.

    Raises:
      DataError: there is nothing, nothing that is known, or what several readers know.
      PluginError: there is no reader of that name.
    """
    if not data.path.exists():
        raise DataError(f"there is no data set {data.path}; check the path")
    if data.reader is not None:
        if data.reader.endswith(SUFFIX):
            return TEACHER, TeacherReader(model=Path(data.reader))
        return Path(data.reader).stem if data.reader.endswith(".py") else data.reader, READERS.load(data.reader)
    readers: dict[str, Reader] = {key: READERS.load(key) for key in READERS.keys()}
    found = [key for key, reader in readers.items() if key != PLAIN and reader.recognises(data.path)]
    if len(found) > 1:
        raise DataError(
            f"{data.path} looks like {' and like '.join(found)}; say which, such as --data {found[0]}:{data.path}"
        )
    key = found[0] if found else PLAIN
    if not found and not any((data.path / name).exists() for name in ("rgb", "depth")):
        raise DataError(
            f"a data set is in a format that is known, {data.path} is in none of {', '.join(readers)}; see README for "
            "their layouts, or give pictures in rgb/ and their depth in depth/"
        )
    return key, readers[key]


def read_sets(
    sets: Sequence[DataSet],
    *,
    size: tuple[int, int],
    meaning: Meaning = AS_WRITTEN,
    progress: Callable[[int, int], None] | None = None,
    room: Room | None = None,
) -> DepthData:
    """The data set that is named, or the mixture of several.

    Args:
      sets: at least one.
      size: height and width in pixels of every image of the result.
      meaning: what their owner says of the numbers; of a mixture, of those sets whose format does not say it.
      progress: called with (pictures read, pictures in all) after each, anew for each set.
      room: where training pictures may lie that do not fit into memory; None for in memory whatever they take.

    Raises:
      DataError: see `reader_of` and `nas.depth.data.reading.read_set`.
    """
    found = [reader_of(data) for data in sets]
    spoken_of = any(key in OWNERS_SAY for key, _ in found)
    read = [
        read_set(
            data.path,
            reader,
            key,
            size=size,
            meaning=replace(meaning, kind=None) if spoken_of and key not in OWNERS_SAY else meaning,
            progress=progress,
            room=room,
        )
        for data, (key, reader) in zip(sets, found, strict=True)
    ]
    return read[0] if len(read) == 1 else mixed(read, [data.weight for data in sets], room)
