"""SUN RGB-D: four sensors, a folder for each picture.

    kv1/NYUdata/NYU0001/image/NYU0001.jpg
    kv1/NYUdata/NYU0001/depth/NYU0001.png       16 bits, rotated by 3: their order restored, millimetres; 0 is no depth
    kv1/NYUdata/NYU0001/scene.txt               the kind of room, such as "kitchen"

The data set does not name rooms, and pictures of one room stand side by side: collection and kind of room are the
group, so that no room is in two parts.

Source: SUNRGBDtoolbox, readData/read3dPoints.m: bitor(bitshift(depth, -3), bitshift(depth, 16 - 3)) / 1000.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from nas.depth.data.depth_encoding import Meaning
from nas.depth.data.readers._pairs import PICTURE_SUFFIXES, NumbersFile, paired
from nas.depth.data.readers.reader import Source, relative

PER_METRE, ROTATED_BITS = 1000.0, 3
MEDIAN_M = (0.3, 12.0)
SENSORS = ("kv1", "kv2", "realsense", "xtion")
MAX_ABOVE = 5
"""Folders between a sensor's and a picture's."""


@dataclass(frozen=True, slots=True)
class SunRgbdReader:
    """See `nas.depth.data.readers.reader.Reader`."""

    def recognises(self, path: Path) -> bool:
        return any(True for _ in _folders(path))

    def open(self, path: Path, meaning: Meaning) -> Source:
        listed = [
            (depth, _picture(folder), _group(path, folder), None)
            for folder in _folders(path)
            for depth in sorted((folder / "depth").glob("*.png"))[:1]
        ]
        file = NumbersFile(per_metre=PER_METRE, rotated_bits=ROTATED_BITS)
        examples, unused = paired(path, listed, file, "SUN RGB-D's depth files")
        return Source(
            examples=examples,
            scale="PNG, its bits rotated back by 3, / 1000 is metres",
            invalid="0 is no depth",
            split="split by collection and kind of room",
            kind="depth",
            median_m=MEDIAN_M,
            unused=unused,
        )


def _folders(path: Path) -> Iterator[Path]:
    for sensor in (path / name for name in SENSORS):
        for above in range(1, MAX_ABOVE + 1):
            for folder in sorted(sensor.glob("*/" * above + "depth")):
                if (folder.parent / "image").is_dir():
                    yield folder.parent


def _picture(folder: Path) -> Path | None:
    files = sorted((folder / "image").iterdir())
    return next((file for file in files if file.suffix.lower() in PICTURE_SUFFIXES), None)


def _group(root: Path, folder: Path) -> str:
    named = folder / "scene.txt"
    kind = named.read_text(errors="replace").strip() if named.is_file() else ""
    return f"{relative(folder.parent, root)} {kind}".strip()


READER = SunRgbdReader()
