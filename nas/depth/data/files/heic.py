"""HEIC, as iPhones save pictures: libheif reads it, which `pillow-heif` brings (extra `pictures`)."""

import io
from pathlib import Path

from PIL import Image

from nas.depth.data.images import DataError

BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1")
"""ISO 23008-12, annex B: what follows "ftyp" in the file's first box. AVIF has others, and Pillow reads it."""


def is_heic(content: bytes) -> bool:
    return content[4:8] == b"ftyp" and content[8:12] in BRANDS


def open_heic(path: Path, content: bytes) -> Image.Image:
    """A picture set upright as its file says; the orientation in its EXIF is then 1.

    Raises:
      DataError: pillow-heif is not installed.
    """
    try:
        from pillow_heif import HeifImageFile  # an extra, and a heavy one
    except ModuleNotFoundError:
        raise DataError(
            f"a HEIC picture needs pillow-heif, which is not installed, to read {path}: "
            "pip install 'chamnas[pictures]', or save it as JPEG, without its depth"
        ) from None
    image: Image.Image = HeifImageFile(io.BytesIO(content))  # type: ignore[no-untyped-call]  # theirs has no types
    return image
