"""The mesh of a layered depth image: no stretched rubber between near and far, and no crack within a surface.

Each cell is a square with four corners. Corners of cells that are linked are one vertex; across a cut they stay apart,
in one place at rest, so that at rest the mesh covers the picture whole. That place lies half a cell on the far side:
there colours are the far side's own, and between it and the near side's last cell those of both are blended, as they
are wherever a picture is enlarged; so the far side keeps no line of the near one's colour.

Where a surface is plain, cells are drawn as larger squares, which take the vertices that smaller neighbours have on
their sides into their fan: no gap opens there.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float32, Int, Int32, Shaped
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from nas.pictures.photo.layers import Layers

SIZES = (16, 8, 4, 2)  # cells of a square's side
PLAIN = 0.25  # of a cut: by how much a square's cells may leave its plane


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Mesh:
    """Vertices and triangles.

    Attributes:
      x, y: in cells from the border's corner, whole and half ones.
      parallax: in [0, 1].
      layer: whose colours a vertex shows; 0 is the front.
      triangles: indices of vertices; those of the front come first.
      num_front: how many triangles are the front's.
    """

    x: Float32[np.ndarray, " v"]
    y: Float32[np.ndarray, " v"]
    parallax: Float32[np.ndarray, " v"]
    layer: Int32[np.ndarray, " v"]
    triangles: Int32[np.ndarray, "t 3"]
    num_front: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Squares:
    """Squares of one size in one layer: rows and columns of their first cells."""

    layer: int
    side: int
    y: np.ndarray
    x: np.ndarray


def mesh_of(layers: Layers) -> Mesh:
    """The surfaces of all layers."""
    links = _links(layers)
    corners, value = _corners(layers, links)
    squares = [one for number in range(len(layers.values)) for one in _squares(layers, links, number)]
    moves = _moves(layers)
    used = _at(corners, np.asarray(moves.any(axis=2)), len(value))  # an edge is drawn corner by corner
    for one in squares:
        used[_ring(corners, one)[:, :: one.side]] = True
    parts = [(one.layer, _triangles(corners, one, used)) for one in squares]
    return _gathered(parts, corners, value, moves)


def _gathered(
    parts: list[tuple[int, Int[np.ndarray, "_ 3"]]],
    corners: Int[np.ndarray, "n h w 2 2"],
    value: Float[np.ndarray, " c"],
    moves: Float32[np.ndarray, "p q 2"],
) -> Mesh:
    """Vertices that are used, one for each layer that uses it."""
    rows, columns, _ = moves.shape
    place = _at(corners, np.arange(rows * columns).reshape(rows, columns), len(value))
    keys = np.concatenate([layer * len(value) + triangles for layer, triangles in parts])
    vertices, triangles = np.unique(keys, return_inverse=True)
    layer, corner = np.divmod(vertices, len(value))
    y, x = np.divmod(place[corner], columns)
    return Mesh(
        x=(x + moves[y, x, 1]).astype(np.float32),
        y=(y + moves[y, x, 0]).astype(np.float32),
        parallax=value[corner].astype(np.float32),
        layer=layer.astype(np.int32),
        triangles=triangles.reshape(-1, 3).astype(np.int32),
        num_front=sum(len(triangles) for layer, triangles in parts if layer == 0),
    )


def _at(corners: Int[np.ndarray, "n h w 2 2"], told: Shaped[np.ndarray, "p q"], num: int) -> Shaped[np.ndarray, " c"]:
    """For each of `num` vertices what is told of the place between cells where it is."""
    found = np.zeros(num, told.dtype)
    for dy in (0, 1):
        for dx in (0, 1):
            layer, y, x = np.nonzero(corners[..., dy, dx] >= 0)
            found[corners[layer, y, x, dy, dx]] = told[y + dy, x + dx]
    return found


def _moves(layers: Layers) -> Float32[np.ndarray, "p q 2"]:
    """How far, down and to the right, each corner is moved: half a cell towards the far side where there is an edge."""
    front = layers.values[0]
    around = np.stack([front[:-1, :-1], front[:-1, 1:], front[1:, :-1], front[1:, 1:]])
    top_left, top_right, bottom_left, bottom_right = (around.max(axis=0) - around > layers.cut).astype(np.float32)
    moves = np.zeros((front.shape[0] + 1, front.shape[1] + 1, 2), np.float32)
    moves[1:-1, 1:-1, 0] = np.sign(bottom_left + bottom_right - top_left - top_right) / 2
    moves[1:-1, 1:-1, 1] = np.sign(top_right + bottom_right - top_left - bottom_left) / 2
    return moves


def _links(layers: Layers) -> tuple[Int32[np.ndarray, "n h w"], Int32[np.ndarray, "n h w"]]:
    """For each cell the layer of the cell on its right that it goes on in, and of the one below; -1 for none.

    Of two layers that would do, the nearer to the front has it, and no cell is gone on in twice.
    """
    found = []
    for axis in (2, 1):
        here = np.delete(layers.values, -1, axis)
        there = np.delete(layers.values, 0, axis)
        link = np.full(here.shape, -1, np.int32)
        taken = np.zeros(there.shape, bool)
        for number in range(len(here)):
            for other in range(len(there)):
                fits = (link[number] < 0) & ~taken[other] & (np.abs(here[number] - there[other]) <= layers.cut)
                link[number][fits] = other
                taken[other] |= fits
        room = [(0, 0), (0, 0), (0, 0)]
        room[axis] = (0, 1)
        found.append(np.pad(link, room, constant_values=-1))
    return found[0], found[1]


def _corners(
    layers: Layers, links: tuple[Int32[np.ndarray, "n h w"], Int32[np.ndarray, "n h w"]]
) -> tuple[Int[np.ndarray, "n h w 2 2"], Float[np.ndarray, " c"]]:
    """The vertex at each cell's corner [top or bottom, left or right], -1 where there is no cell; and its parallax."""
    exists, values = layers.exists, layers.values
    cell = np.full(values.shape, -1, np.int64)
    cell[exists] = np.arange(exists.sum())
    pairs = [*_joined(cell, links[0], (0, 1), 1), *_joined(cell, links[1], (1, 0), 2)]
    first, second = (np.concatenate(side) for side in zip(*pairs, strict=True))
    num_slots = 4 * int(exists.sum())
    graph = coo_array((np.ones(len(first), np.int8), (first, second)), shape=(num_slots, num_slots))
    num, vertex = connected_components(graph.tocsr(), directed=False)
    total = np.bincount(vertex, np.repeat(values[exists], 4), num)
    corners = np.full((*values.shape, 2, 2), -1, np.int64)
    corners[exists] = vertex.reshape(-1, 2, 2)
    return corners, total / np.bincount(vertex, minlength=num)


def _joined(
    cell: Int[np.ndarray, "n h w"], link: Int32[np.ndarray, "n h w"], step: tuple[int, int], bit: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Pairs of slots (cell x 4 + corner) that are one vertex; `bit` tells the far side's corners of a link."""
    layer, y, x = np.nonzero(link >= 0)
    here = cell[layer, y, x]
    there = cell[link[layer, y, x], y + step[0], x + step[1]]
    for other in (0, 3 - bit):
        yield 4 * here + bit + other, 4 * there + other


def _squares(
    layers: Layers, links: tuple[Int32[np.ndarray, "n h w"], Int32[np.ndarray, "n h w"]], number: int
) -> Iterator[_Squares]:
    """Squares that cover a layer's cells, each as large as the surface is plain."""
    left = layers.exists[number].copy()
    right, down = (link[number] == number for link in links)
    for side in SIZES:
        plain = _plain(layers.values[number], right, down, side, PLAIN * layers.cut)
        rows, columns = (length // side * side for length in left.shape)
        whole = left[:rows, :columns].reshape(rows // side, side, columns // side, side).all(axis=(1, 3))
        y, x = np.nonzero(plain & whole)
        yield _Squares(layer=number, side=side, y=y * side, x=x * side)
        left[:rows, :columns] &= ~np.kron(plain & whole, np.ones((side, side), bool))
    y, x = np.nonzero(left)
    yield _Squares(layer=number, side=1, y=y, x=x)


def _plain(
    values: Float32[np.ndarray, "h w"],
    right: Bool[np.ndarray, "h w"],
    down: Bool[np.ndarray, "h w"],
    side: int,
    tolerance: float,
) -> Bool[np.ndarray, "p q"]:
    """Which aligned squares are of one surface, and that nearly bilinear."""
    rows, columns = (length // side for length in values.shape)

    def blocks(array: np.ndarray) -> np.ndarray:
        cut = array[: rows * side, : columns * side]
        return cut.reshape(rows, side, columns, side).transpose(0, 2, 1, 3)

    linked = blocks(right)[..., :-1].all(axis=(2, 3)) & blocks(down)[..., :-1, :].all(axis=(2, 3))
    inside = blocks(values)
    along = np.linspace(0, 1, side, dtype=np.float32)
    top, bottom = (inside[:, :, row, :1] * (1 - along) + inside[:, :, row, -1:] * along for row in (0, -1))
    surface = top[:, :, None] * (1 - along)[:, None] + bottom[:, :, None] * along[:, None]
    plain: Bool[np.ndarray, "p q"] = linked & (np.abs(inside - surface).max(axis=(2, 3)) <= tolerance)
    return plain


def _ring(corners: Int[np.ndarray, "n h w 2 2"], squares: _Squares) -> Int[np.ndarray, "m r"]:
    """Vertices around each square, four times its side of them, in order; every side-th is a corner."""
    side = squares.side
    along = range(side)
    top, right = [(0, i) for i in along], [(i, side) for i in along]
    bottom, left = [(side, side - i) for i in along], [(side - i, 0) for i in along]
    return np.stack([_vertex(corners, squares, dy, dx) for dy, dx in (*top, *right, *bottom, *left)], axis=1)


def _vertex(corners: Int[np.ndarray, "n h w 2 2"], squares: _Squares, dy: int, dx: int) -> Int[np.ndarray, " m"]:
    """The squares' own vertex at a corner between cells."""
    row, column = min(dy, squares.side - 1), min(dx, squares.side - 1)
    found: Int[np.ndarray, " m"] = corners[squares.layer, squares.y + row, squares.x + column, dy - row, dx - column]
    return found


def _triangles(
    corners: Int[np.ndarray, "n h w 2 2"], squares: _Squares, used: Bool[np.ndarray, " c"]
) -> Int[np.ndarray, "t 3"]:
    """Two for a square whose sides bear no vertex but their ends, a fan around the middle for others."""
    ring = _ring(corners, squares)
    on = used[ring]
    simple = on.sum(axis=1) == 4
    a, b, c, d = ring[simple][:, :: squares.side].T
    two = np.concatenate([np.stack([a, d, b], 1), np.stack([b, d, c], 1)])
    if simple.all():
        return two
    middle = _vertex(corners, squares, squares.side // 2, squares.side // 2)
    square, position = np.nonzero(on & ~simple[:, None])
    vertex = ring[square, position]
    starts = np.flatnonzero(np.diff(square, prepend=-1))
    following = np.roll(vertex, -1)
    ends = np.append(starts[1:], len(square)) - 1
    following[ends] = vertex[starts]
    return np.concatenate([two, np.stack([middle[square], following, vertex], 1)])
