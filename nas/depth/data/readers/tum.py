"""TUM RGB-D: sequences of a Kinect, whose lists give each file its time.

    SEQUENCE/rgb.txt      1305031102.175304 rgb/1305031102.175304.png       "#" begins a comment
    SEQUENCE/depth.txt    1305031102.160407 depth/1305031102.160407.png

A picture belongs to the depth that is nearest in time, at most 20 ms away, and each file to one pair only. Depth is a
16-bit PNG whose numbers / 5000 are metres; 0 is no depth. A sequence is a group: give a folder of several.

Source: https://cvg.cit.tum.de/data/datasets/rgbd-dataset/file_formats, and its script associate.py.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nas.depth.data.depth_encoding import Meaning
from nas.depth.data.images import DataError
from nas.depth.data.readers._pairs import NumbersFile, paired
from nas.depth.data.readers.reader import Part, Source, relative
from nas.errors import reading

PER_METRE = 5000.0
MEDIAN_M = (0.3, 12.0)
MAX_DISTANCE_S = 0.02

Entry = tuple[float, Path]
"""A time in seconds, and a file."""


@dataclass(frozen=True, slots=True)
class TumReader:
    """See `nas.depth.data.readers.reader.Reader`."""

    def recognises(self, path: Path) -> bool:
        return bool(_sequences(path))

    def open(self, path: Path, meaning: Meaning) -> Source:
        listed: list[tuple[Path, Path | None, str, Part | None]] = []
        unmatched = 0
        for sequence in _sequences(path):
            depths, colours = (_entries(sequence, name) for name in ("depth.txt", "rgb.txt"))
            pairs = associated(colours, depths)
            unmatched += len(colours) - len(pairs)
            listed += [(depth, rgb if rgb.is_file() else None, sequence.name, None) for rgb, depth in pairs]
        examples, unused = paired(path, listed, NumbersFile(per_metre=PER_METRE), "TUM's sequences")
        alone = (
            f"not used: {unmatched:,} pictures without depth within {MAX_DISTANCE_S * 1000:g} ms" if unmatched else ""
        )
        return Source(
            examples=examples,
            scale="PNG / 5000 is metres",
            invalid="0 is no depth",
            split="split by sequence",
            kind="depth",
            median_m=MEDIAN_M,
            asks_marks=True,
            unused="; ".join(text for text in (unused, alone) if text),
        )


def associated(colours: Sequence[Entry], depths: Sequence[Entry]) -> list[tuple[Path, Path]]:
    """Pictures with their depth, nearest pairs first, each file once; in the order of time."""
    near = sorted(
        (abs(time - other), i, j)
        for i, (time, _) in enumerate(colours)
        for j, (other, _) in _around(depths, time)
        if abs(time - other) <= MAX_DISTANCE_S
    )
    partner, taken = dict[int, int](), set[int]()
    for _, i, j in near:
        if i not in partner and j not in taken:
            partner[i] = j
            taken.add(j)
    return [(colours[i][1], depths[j][1]) for i, j in sorted(partner.items())]


def _around(entries: Sequence[Entry], time: float) -> list[tuple[int, Entry]]:
    """The entries near a time, found by halving; a Kinect takes one each 33 ms."""
    at = bisect_left(entries, time, key=lambda entry: entry[0])
    return [(j, entries[j]) for j in range(max(0, at - 2), min(at + 2, len(entries)))]


def _sequences(path: Path) -> list[Path]:
    folders = (path, *sorted(path.glob("*/"))) if path.is_dir() else ()
    return [folder for folder in folders if all((folder / name).is_file() for name in ("rgb.txt", "depth.txt"))]


def _entries(sequence: Path, name: str) -> list[Entry]:
    file = sequence / name
    with reading(file, DataError, rule="a TUM list must be text", cure="restore it"):
        lines = [line.split() for line in file.read_text().splitlines() if line.strip() and not line.startswith("#")]
    try:
        return sorted((float(words[0]), sequence / words[1]) for words in lines)
    except (ValueError, IndexError):
        raise DataError(
            f"each line of a TUM list is a time and a file, {relative(file, sequence.parent)} has another; restore it"
        ) from None


READER = TumReader()
