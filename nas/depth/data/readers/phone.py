"""Portraits of phones, which carry their depth: HEIC of iPhones, JPEG with GDepth or Dynamic Depth of Android.

    IMG_0001.HEIC       a depth map beside the picture, see `_heic`
    PORTRAIT_1.jpg      XMP: GDepth:Format, Near, Far, Units and Data, a picture in base64
    20210101.jpg        XMP: DepthMap:Format, Near, Far, Units and DepthURI, a file behind the picture

Pictures without depth are counted and left out. A sub-folder is a group, and every picture that is in none.

Source: https://developers.google.com/depthmap-metadata/reference; Dynamic Depth 1.0, "Depth Map".
"""

import base64
import binascii
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Shaped
from PIL import Image

from nas.depth.data.depth_encoding import Meaning
from nas.depth.data.files import read_picture, upright, walk
from nas.depth.data.images import DataError
from nas.depth.data.readers._heic import has_depth, read_heic
from nas.depth.data.readers._phone_depth import Range, range_of
from nas.depth.data.readers._xmp import appended, bytes_of, property_of, xmp_of
from nas.depth.data.readers.reader import Example, Files, Frame, Source, relative
from nas.errors import reading

HEIC, JPEG = (".heic", ".heif", ".hif"), (".jpg", ".jpeg")
MEDIAN_M = (0.02, 500.0)
HEAD = 1 << 18
"""Bytes of a JPEG in which XMP begins, if it has any."""
NUM_LOOKED_AT, NUM_LISTED = 20, 1000
"""Files of each kind, and folders, in which a format is recognised; names in each folder."""
PREFIXES = ("GDepth", "DepthMap")


@dataclass(frozen=True, slots=True)
class PhoneReader:
    """See `nas.depth.data.readers.reader.Reader`."""

    def recognises(self, path: Path) -> bool:
        others = [(path / name).is_dir() for name in ("rgb", "image", "color")]
        return path.is_dir() and not any(others) and any(map(_is_portrait, _first_files(path)))

    def open(self, path: Path, meaning: Meaning) -> Source:
        files = [file for file in walk(path).files if file.suffix.lower() in (*HEIC, *JPEG)]
        portraits = [file for file in files if _is_portrait(file)]
        if not portraits:
            raise DataError(
                f"portraits carry their depth, none of {len(files):,} HEIC and JPEG files in {path} does; "
                "copy them from the phone unchanged"
            )
        left = [file for file in files if file not in set(portraits)]
        return Source(
            examples=tuple(_example(path, file) for file in portraits),
            scale="8 or 16 bits between the ends that each file states",
            invalid="infinity is no depth",
            split="split by sub-folder or picture",
            kind="disparity",
            median_m=MEDIAN_M,
            unused=f"not used: {len(left):,} pictures without depth (such as {left[0].name})" if left else "",
        )


def _first_files(path: Path) -> list[Path]:
    """A few files that may be portraits, HEIC first: a look at a large data set must not read all of it."""
    places = (path, *sorted(place for place in path.iterdir() if place.is_dir())[:NUM_LOOKED_AT])
    found = [file for place in places for file in sorted(place.iterdir())[:NUM_LISTED] if file.is_file()]
    kinds = [[file for file in found if file.suffix.lower() in kind] for kind in (HEIC, JPEG)]
    return [file for files in kinds for file in files[:NUM_LOOKED_AT]]


def _is_portrait(file: Path) -> bool:
    if file.suffix.lower() in HEIC:
        return has_depth(file)
    with reading(file, DataError, rule="a picture must be readable", cure="change its permissions"):
        with file.open("rb") as opened:
            xmp = xmp_of(opened.read(HEAD))
    return any(property_of(xmp, f"{prefix}:Near") is not None for prefix in PREFIXES)


def _example(root: Path, file: Path) -> Example:
    name = relative(file, root)

    def read(files: Files) -> Frame:
        content = files.content(file)
        if file.suffix.lower() in HEIC:
            picture, numbers, turn, said = read_heic(file, content)
        else:
            picture = read_picture(file, content)
            stored, said = _depth_of(file, content)
            numbers, turn = upright(stored, None, picture)
        return Frame(picture=picture, depth_name=name, numbers=numbers, depth=said.depth(numbers), turn=turn)

    return Example(name=name, group=name.split("/")[0] if "/" in name else name, read=read)


def _depth_of(file: Path, content: bytes) -> tuple[Shaped[np.ndarray, "h w"], Range]:
    """The map of a JPEG as it is stored, and what its numbers mean."""
    xmp = xmp_of(content)
    prefix = next(prefix for prefix in PREFIXES if property_of(xmp, f"{prefix}:Near") is not None)
    format, near, far, unit = (property_of(xmp, f"{prefix}:{name}") for name in ("Format", "Near", "Far", "Units"))
    return _map(file, _map_bytes(file, content, xmp, prefix)), range_of(str(file), format, near, far, unit)


def _map_bytes(file: Path, content: bytes, xmp: str, prefix: str) -> bytes:
    uri = property_of(xmp, f"{prefix}:DepthURI")
    with reading(file, DataError, rule="a phone's depth map must be whole", cure="copy it from the phone again"):
        if uri is not None:
            found = bytes_of(content, appended(xmp), uri)
        else:
            found = _decoded(property_of(xmp, f"{prefix}:Data"))
        if not found:
            raise ValueError("what it says of its depth map leads nowhere")
    return found


def _decoded(data: str | None) -> bytes | None:
    """Base64, whose padding some phones leave out."""
    try:
        return base64.b64decode(data + "=" * (-len(data) % 4)) if data else None
    except binascii.Error as error:
        raise ValueError("its depth map is no base64") from error


def _map(file: Path, content: bytes) -> Shaped[np.ndarray, "h w"]:
    with reading(
        file, DataError, rule="a phone's depth map must be a JPEG or PNG", cure="copy it from the phone again"
    ):
        with Image.open(io.BytesIO(content)) as image:
            deep = image.mode.startswith("I")
            numbers = np.asarray(image if deep else image.convert("L"))
    return numbers.astype(np.uint16) if deep else numbers


READER = PhoneReader()
