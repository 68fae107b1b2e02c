"""The winner's pictures of test samples, as PNGs inside the page; what they show is the task's own business."""

import base64
import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from nas.record import Pictures, View

MIN_HEIGHT = 192  # smaller pictures are enlarged by a whole factor, so that pixels stay pixels


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One view: the word under it, what it is in words, and a data URL of a PNG."""

    name: str
    alt: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One test sample in all its views, with what is told of it."""

    views: tuple[Shown, ...]
    caption: str


class PictureError(ValueError):
    """A file of pictures that cannot be shown."""


def pictures(path: Path, words: Pictures) -> tuple[Picture, ...]:
    """Every sample of an evaluator's NPZ, see `nas.record.View`.

    Raises:
      PictureError: the file is damaged, or its arrays are not those that the card tells of.
    """
    arrays = _arrays(path, words)
    return tuple(_picture(words, arrays, i) for i in range(len(arrays[words.views[0].name])))


def sheet(path: Path, words: Pictures) -> bytes:
    """All of them in one PNG: a row for each sample, its views side by side.

    Raises:
      PictureError: as for `pictures`.
    """
    arrays = _arrays(path, words)
    views = [arrays[view.name] for view in words.views]
    tiles = [[_image(view[at]) for view in views] for at in range(len(views[0]))]
    width = max(sum(tile.width for tile in row) for row in tiles)
    canvas = Image.new("RGB", (width, sum(max(tile.height for tile in row) for row in tiles)), "white")
    y = 0
    for row in tiles:
        for i, tile in enumerate(row):
            canvas.paste(tile, (sum(other.width for other in row[:i]), y))
        y += max(tile.height for tile in row)
    return _png(canvas)


def _arrays(path: Path, words: Pictures) -> Mapping[str, np.ndarray]:
    try:
        arrays = _read(path)
        _check(arrays, words)
    except (OSError, EOFError, TypeError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise PictureError(f"{path.name} cannot be shown ({error}); remove it, or run the final again") from error
    return arrays


def _read(path: Path) -> Mapping[str, np.ndarray]:
    with path.open("rb") as file, np.load(file) as members:  # never unpickles
        arrays = dict(members)
    if "log_disparity" not in arrays:
        return arrays
    from nas.depth.views import from_predictions  # a depth search of an earlier version kept these

    return from_predictions(arrays)


def _check(arrays: Mapping[str, np.ndarray], words: Pictures) -> None:
    names = [view.name for view in words.views]
    missing = [name for name in (*names, *words.metrics) if name not in arrays]
    if missing:
        raise ValueError(f"it must hold {', '.join(missing)}, it has only {', '.join(arrays)}")
    for name in names:
        _check_view(name, arrays[name])
    for name in words.metrics:
        _check_metric(name, arrays[name])
    lengths = {name: len(arrays[name]) for name in (*names, *words.metrics)}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"its arrays must have one entry for each sample, their lengths are {lengths}")


def _check_view(name: str, array: np.ndarray) -> None:
    if array.dtype != np.uint8 or array.ndim not in (3, 4) or array.shape[3:] not in ((), (3,)) or not array.size:
        raise ValueError(f"{name} must be uint8[n, h, w] or uint8[n, h, w, 3], it is {array.dtype}{list(array.shape)}")


def _check_metric(name: str, array: np.ndarray) -> None:
    if array.dtype.kind not in "fiu" or array.ndim != 1:
        raise ValueError(f"{name} must be one number for each sample, it is {array.dtype}{list(array.shape)}")


def _picture(words: Pictures, arrays: Mapping[str, np.ndarray], at: int) -> Picture:
    return Picture(
        views=tuple(_shown(view, arrays[view.name][at], at + 1) for view in words.views),
        caption=", ".join(f"{name} {arrays[name][at]:.3f}" for name in words.metrics),
    )


def _shown(view: View, pixels: UInt8[np.ndarray, "h w *channels"], number: int) -> Shown:
    return Shown(name=view.name, alt=f"{view.alt} {number}", url=_data_url(pixels))


def _data_url(pixels: UInt8[np.ndarray, "h w *channels"]) -> str:
    return f"data:image/png;base64,{base64.b64encode(_png(_image(pixels))).decode()}"


def _image(pixels: UInt8[np.ndarray, "h w *channels"]) -> Image.Image:
    factor = max(1, -(-MIN_HEIGHT // pixels.shape[0]))
    return Image.fromarray(pixels.repeat(factor, axis=0).repeat(factor, axis=1))


def _png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format="PNG")  # `optimize` takes twelve times as long for 3 % of the size
    return buffer.getvalue()
