"""What readers of a picture and a depth file share: the pairs whose picture is there, and 16-bit numbers in metres."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Shaped

from nas.depth.data.files import read_depth, read_picture
from nas.depth.data.images import DataError
from nas.depth.data.readers.reader import Example, Files, Frame, Part, relative

PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg")
Listed = tuple[Path, Path | None, str, Part | None]
"""A depth file, its picture if there is one, its group, and its published part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NumbersFile:
    """A depth file whose numbers are `per_metre` times metres.

    Attributes:
      rotated_bits: the lowest so many bits of 16 stand at the top, and those above them below.
    """

    per_metre: float
    rotated_bits: int = 0

    def numbers(self, stored: Shaped[np.ndarray, "h w"]) -> Shaped[np.ndarray, "h w"]:
        """The numbers with their bits in order."""
        if not self.rotated_bits:
            return stored
        word = stored.astype(np.uint16)
        return (word >> self.rotated_bits) | (word << (16 - self.rotated_bits)).astype(np.uint16)

    def depth(self, numbers: Shaped[np.ndarray, "h w"]) -> Float[np.ndarray, "h w"]:
        """Metres; 0 stays 0, which is invalid."""
        metres: Float[np.ndarray, "h w"] = (numbers / self.per_metre).astype(np.float32)
        return metres


def paired(root: Path, listed: Sequence[Listed], file: NumbersFile, what: str) -> tuple[tuple[Example, ...], str]:
    """The examples whose picture is there, by name, and a sentence on those whose is not.

    Raises:
      DataError: there is none.
    """
    whole = [(depth, picture, group, part) for depth, picture, group, part in listed if picture is not None]
    lonely = [depth for depth, picture, _, _ in listed if picture is None]
    if not whole:
        found = f"{len(lonely):,} depth files without a picture" if lonely else "nothing"
        raise DataError(
            f"{what} need their pictures beside them, {root} has {found}; see the format's layout in README"
        )
    examples = [
        example(root, picture, depth, file, group=group, part=part) for depth, picture, group, part in whole if picture
    ]
    return tuple(sorted(examples, key=lambda one: one.name)), unpaired(root, lonely)


def unpaired(root: Path, lonely: Sequence[Path]) -> str:
    """A sentence on depth files whose picture is not there, "" if there are none."""
    if not lonely:
        return ""
    such, plural = (f"such as {relative(lonely[0], root)}", "s") if len(lonely) > 1 else (relative(lonely[0], root), "")
    return f"not used: {len(lonely):,} depth file{plural} without a picture ({such})"


def example(root: Path, rgb: Path, depth: Path, file: NumbersFile, *, group: str, part: Part | None) -> Example:
    """A picture and the file of its depth."""

    def read(files: Files) -> Frame:
        picture = read_picture(rgb, files.content(rgb))
        stored = read_depth(depth, files.content(depth), picture)
        numbers = file.numbers(stored.numbers)
        return Frame(
            picture=picture,
            depth_name=relative(depth, root),
            numbers=numbers,
            depth=file.depth(numbers),
            turn=stored.turn,
        )

    return Example(name=relative(rgb, root), group=group, read=read, part=part)


def pictures_of(stem: Path) -> Path | None:
    """The picture with this path, whatever its ending; None if there is none."""
    return next((path for suffix in PICTURE_SUFFIXES if (path := stem.with_suffix(suffix)).is_file()), None)
