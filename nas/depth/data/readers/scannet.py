"""ScanNet and what is exported like it: scans with `color/` and `depth/`, files of one number belonging together.

    scene0000_00/color/0.jpg       also with scans/ or other folders above
    scene0000_00/depth/0.png       16-bit PNG in millimetres; 0 is no depth

The room is the group: scene0000_00 and scene0000_01 are two scans of one room.

Source: ScanNet's SensReader, `export_depth_images` and `export_color_images`; depthShift is 1000.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from nas.depth.data.depth_encoding import Meaning
from nas.depth.data.readers._pairs import NumbersFile, paired, pictures_of
from nas.depth.data.readers.reader import Source

PER_METRE = 1000.0
MEDIAN_M = (0.2, 20.0)
COLOUR, DEPTH = "color", "depth"
MAX_ABOVE = 3
"""Folders between the data set's and a scan's."""


@dataclass(frozen=True, slots=True)
class ScanNetReader:
    """See `nas.depth.data.readers.reader.Reader`."""

    def recognises(self, path: Path) -> bool:
        return bool(_scans(path))

    def open(self, path: Path, meaning: Meaning) -> Source:
        listed = [
            (depth, pictures_of(scan / COLOUR / depth.name), room(scan.name), None)
            for scan in _scans(path)
            for depth in sorted((scan / DEPTH).glob("*.png"))
        ]
        examples, unused = paired(path, listed, NumbersFile(per_metre=PER_METRE), "scans in color/ and depth/")
        return Source(
            examples=examples,
            scale="PNG / 1000 is metres",
            invalid="0 is no depth",
            split="split by room",
            kind="depth",
            median_m=MEDIAN_M,
            asks_marks=True,
            unused=unused,
        )


def room(scan: str) -> str:
    """The room of a scan: ScanNet numbers the scans of a room behind its own number."""
    found = re.fullmatch(r"(scene\d{4})_\d\d", scan)
    return found[1] if found else scan


def _scans(path: Path) -> list[Path]:
    found = [
        folder.parent
        for depth in range(MAX_ABOVE + 1)
        for folder in sorted(path.glob(f"{'*/' * depth}{COLOUR}"))
        if (folder.parent / DEPTH).is_dir()
    ]
    return found if path.is_dir() else []


READER = ScanNetReader()
