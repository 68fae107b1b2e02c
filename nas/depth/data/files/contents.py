"""Reads one file of a picture or of depth: whole, checked, set upright. Errors name the file."""

import io
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import Shaped, UInt8
from numpy.lib import format as npy
from PIL import Image, UnidentifiedImageError

from nas.depth.data.files.heic import is_heic, open_heic
from nas.depth.data.files.orientation import UNREADABLE, UPRIGHT, orientation_of, same_aspect, turned, turns_with
from nas.depth.data.images import DataError
from nas.errors import reading

RGB_MODES = ("RGB", "RGBA", "L", "LA", "P")
MAX_PIXELS = 2 * (Image.MAX_IMAGE_PIXELS or 0)
"""Where Pillow refuses a picture; depth has the same bound, so that no header asks for terabytes."""
ZIP_MAGIC = b"PK"

Turn = Literal["none", "with its picture", "upright already", "by its own word"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Picture:
    """A picture set upright.

    Attributes:
      orientation: EXIF's, None for none, `UNREADABLE` where it cannot be read.
      stored: height and width before it was turned.
    """

    rgb: UInt8[np.ndarray, "h w 3"]
    orientation: int | None
    stored: tuple[int, int]

    @property
    def shape(self) -> tuple[int, int]:
        return self.rgb.shape[0], self.rgb.shape[1]

    @property
    def is_turned(self) -> bool:
        return self.orientation not in (None, UNREADABLE, UPRIGHT)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StoredDepth:
    """Depth set upright, its numbers as they stand in the file, of any type; `turn` tells how it was turned."""

    numbers: Shaped[np.ndarray, "h w"]
    turn: Turn


def read_picture(path: Path, content: bytes) -> Picture:
    """An 8-bit picture.

    Raises:
      DataError: the content is no picture, not of 8 bits, or too large.
    """
    with reading(path, DataError, rule="rgb must be a PNG or JPEG", cure="replace the file"), quiet():
        with opened(path, content) as image:
            if image.mode not in RGB_MODES:
                raise DataError(
                    f"rgb must be an 8-bit picture, {path} has mode {image.mode!r}; convert it to 8-bit RGB"
                )
            stored = np.array(image.convert("RGB"))
            orientation = orientation_of(image)
    return Picture(
        rgb=np.ascontiguousarray(turned(stored, orientation or UPRIGHT)),
        orientation=orientation,
        stored=(stored.shape[0], stored.shape[1]),
    )


def read_depth(path: Path, content: bytes, picture: Picture) -> StoredDepth:
    """The depth of a picture, turned with it where it lies as its picture was stored.

    Raises:
      DataError: the content cannot be read, is no depth, or has neither the picture's shape nor its aspect.
    """
    stored, word = _load_depth(path, content)
    if stored.dtype.kind not in "fiu":
        raise DataError(f"depth must be numbers, {path} holds {stored.dtype}; save it as float32")
    if stored.ndim != 2:
        raise _misshapen(path, picture.shape, stored.shape)
    numbers, turn = upright(stored, word or None, picture)
    if not same_aspect((numbers.shape[0], numbers.shape[1]), picture.shape):
        raise _misshapen(path, picture.shape, numbers.shape)
    return StoredDepth(numbers=numbers, turn=turn)


def read_array(path: Path, content: bytes) -> np.ndarray:
    """The array of an NPY or NPZ file.

    Raises:
      DataError: the content cannot be read.
    """
    with reading(path, DataError, rule="depth must be a PNG, NPY or NPZ", cure="replace it"):
        return _load_array(path, content)


def upright(stored: Shaped[np.ndarray, "h w"], word: int | None, picture: Picture) -> tuple[np.ndarray, Turn]:
    """The depth set upright: `word` is its own orientation, None for none; it outweighs its picture's."""
    if word is not None:
        return turned(stored, word), "none" if word == UPRIGHT and not picture.is_turned else "by its own word"
    if not picture.is_turned or picture.orientation is None:
        return stored, "none"
    if turns_with((stored.shape[0], stored.shape[1]), picture.stored, picture.orientation):
        return turned(stored, picture.orientation), "with its picture"
    return stored, "upright already"


def _load_depth(path: Path, content: bytes) -> tuple[np.ndarray, int | None]:
    """The numbers as they are stored, and the file's own orientation."""
    with reading(path, DataError, rule="depth must be a PNG, NPY or NPZ", cure="replace it"), quiet():
        if path.suffix.lower() != ".png":
            return _load_array(path, content), None
        with opened(path, content) as image:
            if not image.mode.startswith("I"):
                raise DataError(
                    f"depth in a PNG must have 16 bits and one channel, {path} has mode {image.mode!r}; "
                    "export 16-bit PNG or NPY"
                )
            return np.array(image), orientation_of(image)


def opened(path: Path, content: bytes) -> Image.Image:
    """A picture whose size is known and whose pixels have not been read.

    Raises:
      DataError: it has too many of them, or is a HEIC and what reads one is not installed.
      ValueError: it is no picture.
    """
    try:
        return open_heic(path, content) if is_heic(content) else Image.open(io.BytesIO(content))
    except Image.DecompressionBombError:
        raise DataError(f"a picture may have at most {MAX_PIXELS:,} pixels, {path} has more; save it smaller") from None
    except UnidentifiedImageError:  # its message names an object in memory
        raise ValueError("it holds no picture of a known kind" if content else "it is empty") from None


@contextmanager
def quiet() -> Iterator[None]:
    """Silence Pillow's warnings: of half the size that it refuses, and of oddities that it passes over."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _load_array(path: Path, content: bytes) -> np.ndarray:
    file = io.BytesIO(content)
    if not content.startswith(ZIP_MAGIC):
        return _read_npy(path, file)
    with zipfile.ZipFile(file) as archive:
        names = [name.removesuffix(".npy") for name in archive.namelist()]
        chosen = archive.namelist()[names.index("depth" if "depth" in names else _only(names, path))]
        with archive.open(chosen) as member:
            return _read_npy(path, io.BytesIO(member.read(_num_bytes(path, archive, chosen))))


def _num_bytes(path: Path, archive: zipfile.ZipFile, name: str) -> int:
    """How many bytes a member has, if so many may be."""
    size = archive.getinfo(name).file_size
    if size > MAX_PIXELS * np.dtype(np.float64).itemsize + npy.BUFFER_SIZE:
        raise DataError(
            f"depth may have at most {MAX_PIXELS:,} pixels, {name} in {path} has {size:,} bytes; save it smaller"
        )
    return size


def _read_npy(path: Path, file: io.BytesIO) -> np.ndarray:
    """An array, after a look at how large it says that it is."""
    version = npy.read_magic(file)
    read_header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, _, _ = read_header(file)
    if any(side < 0 for side in shape) or np.prod(shape, dtype=np.float64) > MAX_PIXELS:
        raise DataError(
            f"depth may have at most {MAX_PIXELS:,} pixels, {path} says that it has shape {shape}; replace it"
        )
    file.seek(0)
    array: np.ndarray = npy.read_array(file, allow_pickle=False)
    return array


def _only(names: list[str], path: Path) -> str:
    if len(names) != 1:
        raise DataError(f"a depth NPZ needs an array named depth, {path} has {names}; name it depth")
    return names[0]


def _misshapen(path: Path, wanted: tuple[int, ...], shape: tuple[int, ...]) -> DataError:
    return DataError(
        f"depth must have its picture's shape {wanted}, or its aspect, {path} has {shape}; "
        "export it from the whole picture"
    )
