"""DIODE: laser-scanned depth in NPY beside a mask of what is valid.

    train|val/indoors|outdoor/scene_00019/scan_00183/00019_00183_indoors_000_000.png
                                                     00019_00183_indoors_000_000_depth.npy         metres, [h, w, 1]
                                                     00019_00183_indoors_000_000_depth_mask.npy    1 is valid, [h, w]

The scene is the group; scenes of val/ are the test part where train/ is there too.

Source: https://diode-dataset.org and its devkit, diode.py.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Shaped

from nas.depth.data.depth_encoding import Meaning
from nas.depth.data.files import read_array, read_picture
from nas.depth.data.images import DataError
from nas.depth.data.readers._pairs import pictures_of, unpaired
from nas.depth.data.readers.reader import Example, Files, Frame, Part, Source, relative

MEDIAN_M = (0.5, 100.0)
DEPTH, MASK = "_depth.npy", "_depth_mask.npy"


@dataclass(frozen=True, slots=True)
class DiodeReader:
    """See `nas.depth.data.readers.reader.Reader`."""

    def recognises(self, path: Path) -> bool:
        return any(True for _ in _maps(path))

    def open(self, path: Path, meaning: Meaning) -> Source:
        maps = list(_maps(path))
        pictures = {depth: pictures_of(_with_ending(depth, ".png")) for depth in maps}
        both = (path / "train").is_dir() and (path / "val").is_dir()
        examples = [_example(path, depth, picture, both) for depth, picture in pictures.items() if picture]
        if not examples:
            raise DataError(
                f"DIODE's depth needs its pictures beside it, {path} has {len(maps):,} *{DEPTH} and no picture of "
                "their names; unpack the pictures too"
            )
        return Source(
            examples=tuple(sorted(examples, key=lambda one: one.name)),
            scale="NPY in metres",
            invalid="the mask says what is valid",
            split="split by scene, val/ kept for test" if both else "split by scene",
            kind="depth",
            median_m=MEDIAN_M,
            unused=unpaired(path, [depth for depth, picture in pictures.items() if not picture]),
        )


def _maps(path: Path) -> Iterator[Path]:
    for above in range(5):
        for folder in sorted(path.glob("*/" * above + "scan_*/")) if path.is_dir() else ():
            yield from sorted(folder.glob(f"*{DEPTH}"))


def _with_ending(depth: Path, ending: str) -> Path:
    return depth.with_name(depth.name.removesuffix(DEPTH) + ending)


def _example(root: Path, depth: Path, rgb: Path, both: bool) -> Example:
    mask = _with_ending(depth, MASK)

    def read(files: Files) -> Frame:
        picture = read_picture(rgb, files.content(rgb))
        metres = _flat(read_array(depth, files.content(depth)), depth)
        valid = _flat(read_array(mask, files.content(mask)), mask)
        if valid.shape != metres.shape:
            raise DataError(
                f"a mask has its depth's shape {metres.shape}, {relative(mask, root)} has {valid.shape}; restore it"
            )
        return Frame(
            picture=picture,
            depth_name=relative(depth, root),
            numbers=metres,
            depth=np.where(valid > 0, metres, np.nan).astype(np.float32),
        )

    part: Part | None = "test" if both and relative(depth, root).startswith("val/") else None
    return Example(name=relative(rgb, root), group=depth.parents[1].name, read=read, part=part)


def _flat(array: np.ndarray, path: Path) -> Shaped[np.ndarray, "h w"]:
    """An array of [h, w], also where it is stored as [h, w, 1]."""
    flat = array[..., 0] if array.ndim == 3 and array.shape[2] == 1 else array
    if flat.ndim != 2 or flat.dtype.kind not in "fiub":
        raise DataError(f"DIODE's arrays are numbers of [h, w], {path} has {array.dtype} {array.shape}; restore it")
    return flat


READER = DiodeReader()
