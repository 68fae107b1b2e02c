"""Writes a HEIC as iPhones write portraits: a picture, and a depth map that is its auxiliary image.

The library encodes two images into one file; the second becomes the first's depth by three entries of the container:
a reference, a property that says what it is, and the property's tie to it. Source: ISO/IEC 23008-12, section 6.6.2.3.
"""

import io
import struct
from dataclasses import dataclass

import numpy as np
import pillow_heif
from PIL import Image

DEPTH = b"urn:mpeg:hevc:2015:auxid:2\0"
PREFIX_SEI, DEPTH_INFO = 39, 177


@dataclass(frozen=True)
class Described:
    """What the file says of its depth; None for nothing."""

    d_min: float | None = None
    d_max: float | None = None
    representation: int = 1


def heic(rgb: np.ndarray, depth: np.ndarray, said: Described) -> bytes:
    """The file; `rgb` uint8 [h, w, 3], `depth` uint8 [h, w]."""
    both = pillow_heif.HeifFile()
    both.add_from_pillow(Image.fromarray(rgb))
    both.add_from_pillow(Image.fromarray(depth))
    written = io.BytesIO()
    both.save(written, quality=100, chroma=444)
    boxes = _boxes(written.getvalue())
    meta = dict(boxes)[b"meta"]
    children = _boxes(meta[4:])
    first, second = _item_ids(dict(children)[b"iinf"])
    changed = []
    for kind, body in children:
        changed.append((kind, _with_property(body, second, said) if kind == b"iprp" else body))
    changed.append((b"iref", b"\0\0\0\0" + _box(b"auxl", struct.pack(">HHH", second, 1, first))))
    longer = meta[:4] + b"".join(_box(*one) for one in changed)
    moved = len(longer) - len(meta)
    longer = meta[:4] + b"".join(_box(k, _moved(body, moved) if k == b"iloc" else body) for k, body in changed)
    return b"".join(_box(kind, longer if kind == b"meta" else body) for kind, body in boxes)


def _box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body) + 8) + kind + body


def _boxes(content: bytes) -> list[tuple[bytes, bytes]]:
    found, at = [], 0
    while at < len(content):
        (size,) = struct.unpack_from(">I", content, at)
        found.append((content[at + 4 : at + 8], content[at + 8 : at + size]))
        at += size
    return found


def _item_ids(iinf: bytes) -> list[int]:
    assert iinf[0] == 0, "version 0 counts entries in 16 bits"
    return [struct.unpack_from(">H", body, 4)[0] for _, body in _boxes(iinf[6:])][:2]


def _with_property(iprp: bytes, item: int, said: Described) -> bytes:
    parts = dict(_boxes(iprp))
    number = len(_boxes(parts[b"ipco"])) + 1
    parts[b"ipco"] += _box(b"auxC", b"\0\0\0\0" + DEPTH + _information(said))
    ipma = parts[b"ipma"]
    assert ipma[:4] == b"\0\0\0\0", "version 0, one byte for each tie"
    (entries,) = struct.unpack_from(">I", ipma, 4)
    at, ties = 8, b""
    for _ in range(entries):
        owner, count = struct.unpack_from(">HB", ipma, at)
        tied = ipma[at + 3 : at + 3 + count] + (bytes([0x80 | number]) if owner == item else b"")
        ties += struct.pack(">HB", owner, len(tied)) + tied
        at += 3 + count
    parts[b"ipma"] = ipma[:8] + ties
    return b"".join(_box(kind, body) for kind, body in parts.items())


def _information(said: Described) -> bytes:
    """A prefix SEI with the depth's representation. Source: ITU-T H.265, section F.14.2.3."""
    bits = f"00{int(said.d_min is not None)}{int(said.d_max is not None)}{_exp_golomb(said.representation)}"
    if said.d_min is not None or said.d_max is not None:
        bits += _exp_golomb(0)
    bits += "".join(_float(value) for value in (said.d_min, said.d_max) if value is not None)
    payload = int(bits.ljust(-(-len(bits) // 8) * 8, "0"), 2).to_bytes(-(-len(bits) // 8), "big")
    unit = struct.pack(">HBB", PREFIX_SEI << 9 | 1, DEPTH_INFO, len(payload)) + payload
    return struct.pack(">II", len(unit) + 4, len(unit)) + unit


def _exp_golomb(value: int) -> str:
    digits = f"{value + 1:b}"
    return "0" * (len(digits) - 1) + digits


def _float(value: float) -> str:
    """Sign, 7 bits of exponent, the mantissa's length less one in 5 bits, and 16 bits of mantissa."""
    exponent = int(np.floor(np.log2(value)))
    mantissa = round((value / 2.0**exponent - 1) * 2**16)
    return f"0{exponent + 31:07b}{15:05b}{mantissa:016b}"


def _moved(iloc: bytes, by: int) -> bytes:
    """The places of all items, so many bytes later."""
    version, sizes = iloc[0], iloc[4]
    assert version == 0 and sizes == 0x44 and iloc[5] >> 4 == 4, "offsets, lengths and bases of four bytes"
    content, (count,), at = bytearray(iloc), struct.unpack_from(">H", iloc, 6), 8
    for _ in range(count):
        base, extents = struct.unpack_from(">IH", iloc, at + 4)
        struct.pack_into(">I", content, at + 4, base + by)
        at += 10 + 8 * extents
    return bytes(content)
