import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image

from nas.depth.data.files.contents import MAX_PIXELS, Picture, StoredDepth, read_depth, read_picture
from nas.depth.data.images import DataError

SHAPE = (12, 16)
PICTURE = Picture(rgb=np.zeros((*SHAPE, 3), np.uint8), orientation=None, stored=SHAPE)
DEPTH = np.random.default_rng(0).integers(1, 60_000, SHAPE).astype(np.uint16)
RGB = np.random.default_rng(1).integers(0, 256, (*SHAPE, 3), dtype=np.uint8)


def image_bytes(pixels: np.ndarray, kind: str, orientation: int | None = None) -> bytes:
    exif, file = Image.Exif(), io.BytesIO()
    if orientation is not None:
        exif[ExifTags.Base.Orientation] = orientation
    Image.fromarray(pixels).save(file, kind, exif=exif)
    return file.getvalue()


def npy_bytes(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


def npz_bytes(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, depth=array)
    return file.getvalue()


def zip_bytes(name: str, content: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, content)
    return file.getvalue()


def huge_npy(shape: tuple[int, ...]) -> bytes:
    """A header that promises more than there is."""
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": "<f8", "fortran_order": False, "shape": shape})
    return file.getvalue()


def huge_png() -> bytes:
    header = struct.pack(">IIBBBBB", 20_000, 20_000, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", len(header)) + b"IHDR" + header + struct.pack(">I", zlib.crc32(b"IHDR" + header))
    return b"\x89PNG\r\n\x1a\n" + chunk + image_bytes(RGB, "PNG")[33:]


def damaged(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes(byte ^ 0xFF for byte in content[middle : middle + 8]) + content[middle + 8 :]


DAMAGED_DEPTH = {
    "stream.npz": damaged(npz_bytes(DEPTH)),
    "half.npz": npz_bytes(DEPTH)[:100],
    "no_array.npz": zip_bytes("depth", b"far"),
    "no_npy.npz": zip_bytes("depth.npy", b"far"),
    "huge.npz": zip_bytes("depth.npy", huge_npy((10**7, 10**7))),
    "no_member.npz": zip_bytes("depth.npy", b"")[-22:],
    "huge.npy": huge_npy((10**7, 10**7)),
    "negative.npy": huge_npy((-1, 10)),
    "short.npy": huge_npy((100, 100)),
    "objects.npy": npy_bytes(np.array([[None, 1]], dtype=object)),
    "objects.npz": npz_bytes(np.array([[None, 1]], dtype=object)),
    "pickle.npy": b"\x80\x04N.",
    "half.png": image_bytes(DEPTH, "PNG")[:60],
    "huge.png": huge_png(),
    "empty.png": b"",
    "empty.npy": b"",
    "empty.npz": b"",
}


@pytest.mark.parametrize("name", DAMAGED_DEPTH)
def test_damaged_depth_is_one_sentence_with_the_files_name(name: str) -> None:
    with pytest.raises(DataError, match=rf"^[^\n]*depth/{name}[^\n]*; (replace it|save it smaller|name it depth)$"):
        read_depth(Path("depth") / name, DAMAGED_DEPTH[name], PICTURE)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("half.jpg", image_bytes(RGB, "JPEG")[:400]),
        ("half.png", image_bytes(RGB, "PNG")[:100]),
        ("empty.jpg", b""),
        ("text.png", b"no picture"),
        ("huge.png", huge_png()),
    ],
)
def test_a_damaged_picture_is_one_sentence_with_the_files_name(name: str, content: bytes) -> None:
    with pytest.raises(DataError, match=rf"^[^\n]*rgb/{name}[^\n]*; (replace the file|save it smaller)$"):
        read_picture(Path("rgb") / name, content)


def test_a_picture_between_pillows_warning_and_its_refusal_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", DEPTH.size - 1)
    assert read_picture(Path("rgb/1.png"), image_bytes(RGB, "PNG")).shape == SHAPE
    assert MAX_PIXELS == 178_956_970


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("1.png", image_bytes(DEPTH, "PNG", 6)),
        ("1.npy", npy_bytes(DEPTH)),
        ("1.npz", npz_bytes(DEPTH)),
        ("1.jpg", image_bytes(RGB, "JPEG", 6)),
    ],
)
def test_whatever_is_damaged_nothing_but_a_sentence_comes_of_it(name: str, content: bytes) -> None:
    read: Callable[[bytes], object] = lambda changed: read_depth(Path(name), changed, PICTURE)  # noqa: E731  # two kinds
    if name.endswith("jpg"):
        read = lambda changed: read_picture(Path(name), changed)  # noqa: E731  # the same
    rng = np.random.default_rng(0)
    for _ in range(150):
        changed = bytearray(content)
        for at in rng.integers(0, len(content), 3):
            changed[at] = rng.integers(256)
        try:
            read(bytes(changed[: rng.integers(len(content) // 2, len(content) + 1)]))
        except DataError as error:
            assert name in str(error) and "\n" not in str(error)


def depth_of(shape: tuple[int, int], picture: bytes, word: int | None = None) -> StoredDepth:
    """Depth of a shape, marked in the corner that is stored first, beside a picture."""
    stored = np.full(shape, 7, dtype=np.uint16)
    stored[0, 0] = 9
    return read_depth(Path("d.png"), image_bytes(stored, "PNG", word), read_picture(Path("p.jpg"), picture))


def corner(stored: StoredDepth) -> tuple[int, int]:
    row, column = np.argwhere(stored.numbers == 9)[0]
    return int(row > 0), int(column > 0)


@pytest.mark.parametrize(
    ("shape", "orientation", "word", "turn", "found"),
    [
        ((12, 16), 6, None, "with its picture", (0, 1)),
        ((6, 8), 6, None, "with its picture", (0, 1)),
        ((16, 12), 6, None, "upright already", (0, 0)),
        ((12, 16), 3, None, "with its picture", (1, 1)),
        ((12, 16), 2, None, "with its picture", (0, 1)),
        ((12, 16), 3, 1, "by its own word", (0, 0)),
        ((12, 16), 6, 8, "by its own word", (1, 0)),
        ((12, 16), None, None, "none", (0, 0)),
        ((12, 16), 1, 1, "none", (0, 0)),
    ],
)
def test_depth_turns_with_its_picture_where_it_must(
    shape: tuple[int, int], orientation: int | None, word: int | None, turn: str, found: tuple[int, int]
) -> None:
    stored = depth_of(shape, image_bytes(RGB, "JPEG", orientation), word)
    assert (stored.turn, corner(stored)) == (turn, found)


@pytest.mark.parametrize(("shape", "word"), [((12, 15), None), ((16, 12), None), ((8, 16), None), ((12, 16), 6)])
def test_another_aspect_stays_an_error(shape: tuple[int, int], word: int | None) -> None:
    with pytest.raises(DataError, match=r"picture's shape \(12, 16\), or its aspect, d\.png has "):
        depth_of(shape, image_bytes(RGB, "JPEG"), word)
