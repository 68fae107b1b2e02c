"""Reads a picture of any common kind as 8-bit sRGB, upright, and tells what had to be done to it.

What a camera, a scanner or an old archive saves: EXIF orientation, CMYK, palettes, 16 bits, transparency, colour
profiles, several frames. Memory is bounded: a picture beyond `LARGEST_SIDE` is made smaller, and one beyond
`nas.depth.data.MAX_PIXELS` is refused before a pixel is read.
"""

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageCms

from nas.depth.data import UPRIGHT, DataError, opened, orientation_of, quiet, turned
from nas.errors import reading

LARGEST_SIDE = 8192  # pixels: a phone's 48 megapixels are 8064 x 6048
SMALLEST_SIDE = 8  # pixels: less shows nothing
GREY_16 = ("I;16", "I;16L", "I;16B", "I;16N", "I")
TRANSPARENT = ("RGBA", "LA", "PA", "La", "RGBa")
PROFILED = ("RGB", "CMYK", "L")  # modes that profiles of cameras and presses describe


class PictureError(ValueError):
    """A picture that cannot be read or shown; the message names the rule, the file and the cure."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sight:
    """A picture as it is seen: sRGB, upright.

    Attributes:
      notes: what was done to it that its owner should know, as clauses.
    """

    rgb: UInt8[np.ndarray, "h w 3"]
    notes: tuple[str, ...] = ()

    @property
    def shape(self) -> tuple[int, int]:
        return self.rgb.shape[0], self.rgb.shape[1]


def read_any(path: Path) -> Sight:
    """The picture of a file.

    Raises:
      PictureError: it cannot be read, is damaged, or has too many or too few pixels.
    """
    try:
        with reading(path, PictureError, rule="a picture is a JPEG, PNG, WebP or HEIC", cure="replace it"), quiet():
            with opened(path, path.read_bytes()) as image:
                return _sight(path, image)
    except PictureError as error:
        if isinstance(error.__cause__, DataError):  # a sentence already
            raise PictureError(str(error.__cause__)) from error
        raise


def _sight(path: Path, image: Image.Image) -> Sight:
    if min(image.size) < SMALLEST_SIDE:
        raise PictureError(
            f"a picture must have {SMALLEST_SIDE} pixels a side at least, {path} has {image.width} x {image.height}; "
            "give a larger one"
        )
    frames = getattr(image, "n_frames", 1)
    notes = [f"the first of {frames} frames"] if frames > 1 else []
    size, orientation = image.size, orientation_of(image) or UPRIGHT
    if max(size) > LARGEST_SIDE and image.format == "JPEG":
        image.draft(image.mode, _bounded(size))  # decodes an eighth of the pixels where that is enough
    rgb, done = _srgb(path, image)
    if max(rgb.size) > LARGEST_SIDE:
        rgb = rgb.resize(_bounded(rgb.size), Image.Resampling.BOX, reducing_gap=2.0)
    if rgb.size != size:
        notes.append(f"its {size[1]} x {size[0]} pixels made {rgb.height} x {rgb.width}, to fit into memory")
    return Sight(rgb=np.ascontiguousarray(turned(np.asarray(rgb), orientation)), notes=(*notes, *done))


def _bounded(size: tuple[int, int]) -> tuple[int, int]:
    scale = min(1.0, LARGEST_SIDE / max(size))
    return max(SMALLEST_SIDE, round(size[0] * scale)), max(SMALLEST_SIDE, round(size[1] * scale))


def _srgb(path: Path, image: Image.Image) -> tuple[Image.Image, list[str]]:
    """The picture in 8-bit sRGB, and what that took."""
    if image.mode in GREY_16:
        grey = np.clip(np.asarray(image), 0, 65535) / 257
        return Image.fromarray(np.rint(grey).astype(np.uint8)).convert("RGB"), ["16 bits made 8"]
    if image.mode == "F":
        raise PictureError(
            f"a picture's numbers must be of 8 or 16 bits, {path} has floating-point ones, of which nothing says what "
            "is white; save it with 16 bits"
        )
    if image.mode in TRANSPARENT or "transparency" in image.info:
        return _on_white(image)
    if image.mode in PROFILED and (profile := image.info.get("icc_profile")):
        return _profiled(image, profile)
    return image.convert("RGB"), []


def _on_white(image: Image.Image) -> tuple[Image.Image, list[str]]:
    seen = image.convert("RGBA")
    if seen.getchannel("A").getextrema() == (255, 255):
        return seen.convert("RGB"), []
    white = Image.new("RGBA", seen.size, "white")
    return Image.alpha_composite(white, seen).convert("RGB"), ["transparent parts put on white"]


def _profiled(image: Image.Image, profile: bytes) -> tuple[Image.Image, list[str]]:
    """Colours as the file's profile means them; where it cannot be used, as the numbers stand."""
    try:
        given = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        seen = ImageCms.profileToProfile(image, given, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image.convert("RGB"), ["its colour profile cannot be used and was passed over"]
    assert seen is not None, "only a change in place gives nothing back"
    return seen, []
