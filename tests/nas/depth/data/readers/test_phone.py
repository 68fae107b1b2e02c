import base64
import io
import shutil
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image

from nas.depth.data.depth_encoding import Meaning
from nas.depth.data.images import DataError
from nas.depth.data.readers.phone import READER
from nas.depth.data.readers.reader import Files
from tests.nas.depth.data.readers.heic_written import Described, heic
from tests.nas.depth.data.readers.sets_written import HEIGHT, SIZE, WIDTH, all_of, read, write_picture
from tests.real_photos import photo

NAMES = ("a", "b", "c")
NEAR, FAR = 0.5, 8.0
GDEPTH, DEPTHMAP = "http://ns.google.com/photos/1.0/depthmap/", "http://ns.google.com/photos/dd/1.0/depthmap/"
NUMBERS = np.repeat(np.linspace(240, 10, HEIGHT // 2).astype(np.uint8), 2)[:, None].repeat(WIDTH, axis=1)
"""A map whose pairs of rows are alike, so that shrinking by two mixes nothing; greater is farther, as Google has it."""


def png(numbers: np.ndarray) -> bytes:
    written = io.BytesIO()
    Image.fromarray(numbers).save(written, "PNG")
    return written.getvalue()


def jpeg(xmp: str, *, extended: str = "", orientation: int = 1) -> bytes:
    """A picture with XMP, and with extended XMP in pieces if there is any."""
    written, exif = io.BytesIO(), Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    rgb = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    Image.fromarray(rgb).save(written, "JPEG", exif=exif)
    pieces = [extended[at : at + 100].encode() for at in range(0, len(extended), 100)]
    segments = [b"http://ns.adobe.com/xap/1.0/\0" + xmp.encode()]
    for i, piece in reversed(list(enumerate(pieces))):  # in any order: each says where it belongs
        place = struct.pack(">II", len(extended), 100 * i)
        segments.append(b"http://ns.adobe.com/xmp/extension/\0" + b"0" * 32 + place + piece)
    added = b"".join(b"\xff\xe1" + struct.pack(">H", len(one) + 2) + one for one in segments)
    return written.getvalue()[:2] + added + written.getvalue()[2:]


def gdepth(format: str = "RangeInverse", *, near: float = NEAR, unit: str = "m", data: str = "") -> str:
    return (
        f'<rdf:Description xmlns:GDepth="{GDEPTH}" GDepth:Format="{format}" GDepth:Near="{near}" GDepth:Far="{FAR}" '
        f'GDepth:Units="{unit}" GDepth:Mime="image/png" {f"GDepth:Data={chr(34)}{data}{chr(34)}" if data else ""}/>'
    )


def data_of(numbers: np.ndarray = NUMBERS) -> str:
    return base64.b64encode(png(numbers)).decode()


def inverse(numbers: np.ndarray) -> np.ndarray:
    """Google's RangeInverse, solved for depth: number = far (depth - near) / (depth (far - near))."""
    return FAR * NEAR / (FAR - numbers / 255 * (FAR - NEAR))


def write_all(folder: Path, content: bytes, ending: str = ".jpg") -> None:
    for name in NAMES:
        (folder / f"{name}{ending}").write_bytes(content)


def depths(folder: Path) -> np.ndarray:
    return all_of(read(folder))[next(iter(sorted(path.name for path in folder.iterdir())))][1]


def test_gdepth_inside_the_xmp(tmp_path: Path) -> None:
    write_all(tmp_path, jpeg(gdepth(data=data_of())))
    np.testing.assert_allclose(depths(tmp_path), inverse(NUMBERS[::2, ::2]), rtol=1e-5)
    note = read(tmp_path).notes[0]
    assert note.startswith(
        "read 3 pictures in 3 groups as phone: 8 or 16 bits between the ends that each file states; "
    )
    assert "split by sub-folder or picture, 1 to train on" in note and note.endswith(" m")


def test_gdepth_in_extended_xmp_linear_and_in_millimetres(tmp_path: Path) -> None:
    linear = gdepth("RangeLinear", near=0.5, unit="mm")
    write_all(tmp_path, jpeg(linear, extended=f'<rdf:Description GDepth:Data="{data_of()}"/>'))
    wanted = (0.5 + NUMBERS[::2, ::2] / 255 * 7.5) / 1000
    with pytest.raises(DataError, match=r"median depth of phone lies between 0\.02 and 500 m .* multiplied by 256"):
        read(tmp_path)
    metres = gdepth("RangeLinear")
    write_all(tmp_path, jpeg(metres, extended=f'<rdf:Description GDepth:Data="{data_of()}"/>'))
    np.testing.assert_allclose(depths(tmp_path), wanted * 1000, rtol=1e-5)


def test_depth_turns_with_its_picture(tmp_path: Path) -> None:
    write_all(tmp_path, jpeg(gdepth(data=data_of(NUMBERS)), orientation=3))
    np.testing.assert_allclose(depths(tmp_path), inverse(NUMBERS[::2, ::2])[::-1, ::-1], rtol=1e-5)


def test_dynamic_depth_lies_behind_the_picture(tmp_path: Path) -> None:
    first, second = png(255 - NUMBERS), png(NUMBERS)
    items = "".join(
        f'<Container:Item Item:Mime="image/png" Item:Length="{len(content)}" Item:Padding="{padding}" '
        f'Item:DataURI="{uri}"/>'
        for uri, content, padding in (("android/original", first, 3), ("android/depthmap", second, 0))
    )
    xmp = (
        f'<rdf:Description xmlns:DepthMap="{DEPTHMAP}" DepthMap:Format="RangeInverse" DepthMap:Near="{NEAR}" '
        f'DepthMap:Far="{FAR}" DepthMap:Units="Meters" DepthMap:DepthURI="android/depthmap"/>'
        f'<Container:Directory><Container:Item Item:Mime="image/jpeg" Item:DataURI="primary_image"/>{items}'
        "</Container:Directory>"
    )
    write_all(tmp_path, jpeg(xmp) + first + b"\0\0\0" + second)
    np.testing.assert_allclose(depths(tmp_path), inverse(NUMBERS[::2, ::2]), rtol=1e-5)
    diopters = xmp.replace("Meters", "Diopters")
    write_all(tmp_path, jpeg(diopters) + first + b"\0\0\0" + second)
    np.testing.assert_allclose(depths(tmp_path), 1 / inverse(NUMBERS[::2, ::2]), rtol=1e-5)


def test_a_heic_holds_disparity_between_its_stated_ends(tmp_path: Path) -> None:
    rgb = np.full((2 * HEIGHT, 2 * WIDTH, 3), 128, dtype=np.uint8)
    numbers = np.repeat(np.linspace(10, 240, HEIGHT).astype(np.uint8), 2)[:, None].repeat(2 * WIDTH, axis=1)
    write_all(tmp_path, heic(rgb, numbers, Described(d_min=0.5, d_max=4.0)), ".HEIC")
    write_picture(tmp_path / "plain.jpg")
    data = read(tmp_path)
    stated = 1 / (0.5 + np.linspace(10, 240, HEIGHT).astype(np.uint8) / 255 * 3.5)
    wanted = np.repeat(stated.reshape(SIZE[0], 2).mean(axis=1), SIZE[1]).reshape(SIZE)
    np.testing.assert_allclose(data.train.depth[0], wanted, rtol=0.02)  # the library's code loses a little
    assert np.abs(data.train.rgb.astype(int) - 128).max() <= 2
    assert data.notes[1] == "not used: 1 pictures without depth (such as plain.jpg)"


def test_a_heic_whose_depth_is_not_described_is_named(tmp_path: Path) -> None:
    rgb, numbers = np.full((24, 32, 3), 128, dtype=np.uint8), np.full((24, 32), 9, dtype=np.uint8)
    write_all(tmp_path, heic(rgb, numbers, Described(representation=3)), ".heic")
    with pytest.raises(DataError, match=r"described by d_min and d_max, .*heic has representation_type 3"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (jpeg(gdepth("RangeWild", data=data_of())), r"needs Format RangeInverse or .*\.jpg has RangeWild, 0\.5, 8"),
        (jpeg(gdepth(unit="miles", data=data_of())), "and miles; remove it"),
        (jpeg(gdepth()), r"\.jpg cannot be read \(what it says of its depth map leads nowhere\)"),
        (jpeg(gdepth(data="AAAA")), r"depth map must be a JPEG or PNG, .*\.jpg cannot be read"),
        (
            jpeg(gdepth(data=data_of(NUMBERS[:, :4]))),
            r"depth must have its picture's shape \(12, 16\), .* has \(12, 4\)",
        ),
        (jpeg(gdepth(data=data_of(np.full((12, 16), 7, np.uint8)))), "depth must differ within a picture"),
    ],
)
def test_a_portrait_that_cannot_be_read_is_named(tmp_path: Path, content: bytes, message: str) -> None:
    write_all(tmp_path, content)
    with pytest.raises(DataError, match=message):
        read(tmp_path)


def test_a_portrait_of_an_iphone_is_in_metres_beside_a_photograph_without_depth(tmp_path: Path) -> None:
    shutil.copy(photo("pug.heic"), tmp_path)
    shutil.copy(photo("cat.hif"), tmp_path)
    source = READER.open(tmp_path, Meaning())
    assert [example.name for example in source.examples] == ["pug.heic"] and "cat.hif" in source.unused
    frame = source.examples[0].read(Files(tmp_path))
    assert frame.picture.shape == (3024, 4032) and frame.depth.shape == (576, 768)
    assert np.nanmin(frame.depth) == pytest.approx(1 / 4.3828125) and np.nanmax(frame.depth) == pytest.approx(
        1 / 1.498046875
    )
