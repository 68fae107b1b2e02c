"""The GLB, opened by another reader."""

import io
import json
import struct

import numpy as np
import pytest

pytest.importorskip("cv2", reason="pip install 'chamnas[pictures]'")

from nas.pictures.photo.glb import FIELD_OF_VIEW, glb  # it imports OpenCV
from nas.pictures.photo.photo import photo_of
from tests.nas.pictures.photo.scene import HEIGHT, WIDTH, View, rendered


def test_another_reader_finds_the_same_mesh() -> None:
    trimesh = pytest.importorskip("trimesh", reason="a second reader of GLB")
    rgb, log_disparity = rendered(View())
    photo = photo_of(rgb, log_disparity)
    scene = trimesh.load(io.BytesIO(glb(photo)), file_type="glb", process=False)
    parts = list(scene.geometry.values())
    assert [len(part.faces) for part in parts] == [
        photo.mesh.num_front, len(photo.mesh.triangles) - photo.mesh.num_front
    ]  # fmt: skip
    front = parts[0]
    assert front.visual.material.baseColorTexture.size == photo.picture.shape[1::-1]
    seen = front.vertices / -front.vertices[:, 2:] * (WIDTH / 2 / np.tan(FIELD_OF_VIEW / 2))  # from the camera
    x, y = seen[:, 0] + WIDTH / 2, HEIGHT / 2 - seen[:, 1]
    assert np.abs(x - (photo.mesh.x - photo.border)).max() < 1e-2
    assert np.abs(y - (photo.mesh.y - photo.border)).max() < 1e-2
    over = photo.mesh.x / photo.cells[1]
    assert np.abs(front.visual.uv[:, 0] - over).max() < 1e-6
    distances = -front.vertices[:, 2]
    assert distances.min() == pytest.approx(1) and distances.max() == pytest.approx(photo.ratio, rel=1e-4)


def test_the_file_is_as_the_specification_has_it() -> None:
    rgb, log_disparity = rendered(View())
    content = glb(photo_of(rgb, log_disparity))
    magic, version, length = struct.unpack_from("<4sII", content)
    size, kind = struct.unpack_from("<I4s", content, 12)
    assert (magic, version, length, kind) == (b"glTF", 2, len(content), b"JSON") and size % 4 == 0
    described = json.loads(content[20 : 20 + size])
    assert all(view["byteOffset"] % 4 == 0 for view in described["bufferViews"])
    binary = content[28 + size :]
    assert described["buffers"][0]["byteLength"] == len(binary)
    for view in described["bufferViews"][3:]:
        assert binary[view["byteOffset"] :][:3] == b"\xff\xd8\xff"


def test_a_flat_picture_is_one_surface() -> None:
    rgb, log_disparity = rendered(View())
    photo = photo_of(rgb, np.zeros_like(log_disparity))
    assert photo.num_hidden == 0 and photo.hidden.shape == (1, 1, 3)
    described = glb(photo)
    assert b'"indices":3' not in described and b'"indices":2' in described
