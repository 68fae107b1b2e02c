"""A 3D photo as GLB: glTF 2.0 in one file, its textures inside, unlit, in perspective, a camera where the eye was.

The distance of what has parallax 1 is 1 unit. What the focal length was nobody says; that of a 50 degree view along
the picture's long side stands in.

Source: Khronos glTF 2.0 specification, sections 3 and 4.4; KHR_materials_unlit.
"""

import json
import math
import struct
from typing import Any

import numpy as np
from jaxtyping import Float32

from nas.pictures.photo.photo import Photo
from nas.pictures.photo.textures import HIDDEN_QUALITY, QUALITY, coordinates, jpeg

FIELD_OF_VIEW = math.radians(50)
MAGIC, VERSION, JSON_CHUNK, BINARY_CHUNK = 0x46546C67, 2, 0x4E4F534A, 0x004E4942
FLOAT, UINT = 5126, 5125
VERTICES, INDICES = 34962, 34963


def glb(photo: Photo) -> bytes:
    """The file's content."""
    binary, views, places = _packed(photo)
    points = positions(photo)
    counts = (photo.mesh.num_front, len(photo.mesh.triangles) - photo.mesh.num_front)
    parts = [number for number, count in enumerate(counts) if count]
    accessors: list[dict[str, Any]] = [
        {"bufferView": places["positions"], "componentType": FLOAT, "count": len(points), "type": "VEC3",
         "min": points.min(0).tolist(), "max": points.max(0).tolist()},
        {"bufferView": places["coordinates"], "componentType": FLOAT, "count": len(points), "type": "VEC2"},
        *({"bufferView": places["triangles"], "componentType": UINT, "count": 3 * counts[part], "type": "SCALAR",
           "byteOffset": 12 * counts[0] * part} for part in parts),
    ]  # fmt: skip
    described = {
        "asset": {"version": "2.0", "generator": "chamnas"},
        "extensionsUsed": ["KHR_materials_unlit"],
        "scene": 0,
        "scenes": [{"nodes": [0, 1]}],
        "nodes": [{"mesh": 0, "name": "photo"}, {"camera": 0, "name": "eye"}],
        "cameras": [{"type": "perspective", "perspective": {"yfov": _vertical_view(photo), "znear": 0.01}}],
        "meshes": [{"primitives": [_primitive(2 + i, part) for i, part in enumerate(parts)]}],
        "materials": [_material(0), _material(1)],
        "textures": [{"source": 0, "sampler": 0}, {"source": 1, "sampler": 0}],
        "samplers": [{"magFilter": 9729, "minFilter": 9987, "wrapS": 33071, "wrapT": 33071}],
        "images": [{"bufferView": places[name], "mimeType": "image/jpeg"} for name in ("picture", "hidden")],
        "accessors": accessors,
        "bufferViews": views,
        "buffers": [{"byteLength": len(binary)}],
    }
    text = json.dumps(described, separators=(",", ":")).encode()
    return _chunks(text + b" " * (-len(text) % 4), binary)


def positions(photo: Photo) -> Float32[np.ndarray, "v 3"]:
    """Each vertex in space: x to the right, y up, the eye in the origin and looking along -z."""
    mesh, (height, width) = photo.mesh, photo.size
    distance = 1 / (mesh.parallax + (1 - mesh.parallax) / photo.ratio)
    focal = max(height, width) / 2 / math.tan(FIELD_OF_VIEW / 2)
    right = (mesh.x - photo.border) * photo.cell - width / 2
    up = height / 2 - (mesh.y - photo.border) * photo.cell
    return (np.stack([right, up, np.full(len(up), -focal)], axis=1) * (distance / focal)[:, None]).astype(np.float32)


def _vertical_view(photo: Photo) -> float:
    height, width = photo.size
    return 2 * math.atan(math.tan(FIELD_OF_VIEW / 2) * height / max(height, width))


def _primitive(indices: int, material: int) -> dict[str, Any]:
    return {"attributes": {"POSITION": 0, "TEXCOORD_0": 1}, "indices": indices, "material": material}


def _material(texture: int) -> dict[str, Any]:
    return {
        "pbrMetallicRoughness": {"baseColorTexture": {"index": texture}, "metallicFactor": 0, "roughnessFactor": 1},
        "extensions": {"KHR_materials_unlit": {}},
        "doubleSided": True,
    }


def _packed(photo: Photo) -> tuple[bytes, list[dict[str, Any]], dict[str, int]]:
    """The binary chunk, its views, and which view holds what."""
    parts: dict[str, tuple[bytes, int | None]] = {
        "positions": (positions(photo).tobytes(), VERTICES),
        "coordinates": (coordinates(photo).tobytes(), VERTICES),
        "triangles": (photo.mesh.triangles.astype("<u4").tobytes(), INDICES),
        "picture": (jpeg(photo.picture, QUALITY), None),
        "hidden": (jpeg(photo.hidden, HIDDEN_QUALITY), None),
    }
    binary, views = b"", []
    for content, target in parts.values():
        view = {"buffer": 0, "byteOffset": len(binary), "byteLength": len(content)}
        views.append(view if target is None else {**view, "target": target})
        binary += content + bytes(-len(content) % 4)
    return binary, views, {name: number for number, name in enumerate(parts)}


def _chunks(text: bytes, binary: bytes) -> bytes:
    length = 12 + 8 + len(text) + 8 + len(binary)
    return b"".join(
        [
            struct.pack("<III", MAGIC, VERSION, length),
            struct.pack("<II", len(text), JSON_CHUNK),
            text,
            struct.pack("<II", len(binary), BINARY_CHUNK),
            binary,
        ]
    )
