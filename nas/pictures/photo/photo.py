"""The 3D photo of a picture and its depth: a mesh with its textures, from which a page and a GLB are written."""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

from nas.pictures.photo.filling import hidden_colours
from nas.pictures.photo.layers import Layers, layers_of, margin
from nas.pictures.photo.mesh import Mesh, mesh_of
from nas.pictures.photo.parallax import TRAVEL, Parallax, parallax_of

LARGEST_TEXTURE = 2048  # pixels of the picture's long side: every phone's graphics take so many, with a border
MOST_CELLS = 1024  # of the long side


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Photo:
    """A 3D photo.

    Attributes:
      picture: colours of the front, with a border on every side that mirrors the picture.
      hidden: colours of the hidden layers, one below another, a pixel for each cell; one pixel where there is none.
      mesh: its vertices are counted in cells from the border's corner.
      cell: pixels of a cell's side.
      border: cells.
      size: height and width of the picture, in pixels, without border.
      pivot: parallax of what stays in place when the eye moves.
      ratio: see `Parallax`.
    """

    picture: UInt8[np.ndarray, "h w 3"]
    hidden: UInt8[np.ndarray, "p q 3"]
    mesh: Mesh
    cell: int
    border: int
    size: tuple[int, int]
    pivot: float
    ratio: float
    travel: float = TRAVEL

    @property
    def cells(self) -> tuple[int, int]:
        """Height and width in cells, with the border."""
        return self.picture.shape[0] // self.cell, self.picture.shape[1] // self.cell

    @property
    def num_hidden(self) -> int:
        return int(self.mesh.layer.max(initial=0))


def photo_of(
    rgb: UInt8[np.ndarray, "h w 3"], log_disparity: Float32[np.ndarray, "h w"], most_cells: int = MOST_CELLS
) -> Photo:
    """The 3D photo of a picture.

    Args:
      log_disparity: greater is nearer, up to a shift; its scale tells how deep the scene is.
      most_cells: of the long side.
    """
    scale = min(1.0, LARGEST_TEXTURE / max(rgb.shape))
    if scale < 1:
        size = max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale))
        rgb = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
        log_disparity = cv2.resize(log_disparity, size, interpolation=cv2.INTER_NEAREST_EXACT)
    cell = -(-max(rgb.shape) // most_cells)
    parallax = _parallax(log_disparity, rgb, cell)
    pivot = float(parallax.values.max()) / 2  # so that neither side needs more than half of the travel as a border
    border = margin(parallax, pivot)
    layers = layers_of(parallax, border)
    picture = _bordered(rgb, cell, border, layers)
    return Photo(
        picture=picture,
        hidden=_hidden(layers, picture, cell),
        mesh=mesh_of(layers),
        cell=cell,
        border=border,
        size=(rgb.shape[0], rgb.shape[1]),
        pivot=pivot,
        ratio=parallax.ratio,
    )


def _parallax(log_disparity: Float32[np.ndarray, "h w"], rgb: UInt8[np.ndarray, "h w 3"], cell: int) -> Parallax:
    """Of whole cells; the last ones may reach beyond the picture."""
    height, width = (-(-side // cell) for side in log_disparity.shape)
    rows = np.minimum(np.arange(height) * cell + cell // 2, log_disparity.shape[0] - 1)
    columns = np.minimum(np.arange(width) * cell + cell // 2, log_disparity.shape[1] - 1)
    colours = cv2.resize(rgb, (width, height), interpolation=cv2.INTER_AREA)
    return parallax_of(log_disparity[np.ix_(rows, columns)], colours)


def _bordered(rgb: UInt8[np.ndarray, "h w 3"], cell: int, border: int, layers: Layers) -> UInt8[np.ndarray, "p q 3"]:
    before = border * cell
    after = [cells * cell - before - side for cells, side in zip(layers.values.shape[1:], rgb.shape[:2], strict=True)]
    return np.pad(rgb, ((before, after[0]), (before, after[1]), (0, 0)), mode="symmetric")


def _hidden(layers: Layers, picture: UInt8[np.ndarray, "h w 3"], cell: int) -> UInt8[np.ndarray, "p q 3"]:
    _, height, width = layers.values.shape
    colours = picture if cell == 1 else cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
    found = hidden_colours(layers, colours)
    return np.concatenate(found) if found else np.zeros((1, 1, 3), np.uint8)
