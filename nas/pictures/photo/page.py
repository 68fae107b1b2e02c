"""A 3D photo as a page of its own: the picture, the mesh and a script in one file, which opens from disk."""

import base64
import gzip
import hashlib
import html
import json
from pathlib import Path

import numpy as np

from nas.pictures.photo.photo import Photo
from nas.pictures.photo.textures import HIDDEN_QUALITY, QUALITY, jpeg

HERE = Path(__file__).parent
FINEST = 65535  # steps of parallax


def page(photo: Photo, title: str) -> str:
    """The page's HTML.

    Args:
      title: any text.
    """
    script = (HERE / "page.js").read_text()
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    filled = (HERE / "page.html").read_text()
    for name, value in {
        "TITLE": html.escape(title),
        "DIGEST": digest,
        "FACTS": json.dumps(_facts(photo)),
        "MESH": base64.b64encode(_packed(photo)).decode(),
        "PICTURE": base64.b64encode(jpeg(photo.picture, QUALITY)).decode(),
        "HIDDEN": base64.b64encode(jpeg(photo.hidden, HIDDEN_QUALITY)).decode(),
        "SCRIPT": script,
    }.items():
        before, mark, after = filled.partition(f"@{name}@")
        assert mark, f"page.html has no place for {name}"
        filled = before + value + after
    return filled


def _facts(photo: Photo) -> dict[str, float | int]:
    (height, width), (rows, columns) = photo.size, photo.cells
    return {
        "height": height,
        "width": width,
        "rows": rows,
        "columns": columns,
        "cell": photo.cell,
        "border": photo.border,
        "layers": max(photo.num_hidden, 1),
        "travel": photo.travel,
        "pivot": photo.pivot,
        "finest": FINEST,
        "vertices": len(photo.mesh.x),
        "front": 3 * photo.mesh.num_front,
        "indices": 3 * len(photo.mesh.triangles),
    }


def _packed(photo: Photo) -> bytes:
    """Numbers of 32 bits, each less the one before it, compressed: x and y in half cells, parallax, layer, indices."""
    mesh = photo.mesh
    columns = (2 * mesh.x, 2 * mesh.y, np.rint(FINEST * mesh.parallax), mesh.layer, mesh.triangles.ravel())
    steps = [np.diff(column.astype(np.int64), prepend=0).astype("<i4").tobytes() for column in columns]
    return gzip.compress(b"".join(steps), 6, mtime=0)
