"""Pictures of every kind come out as they are seen; the oracle is the picture that they were made from."""

import io
import zlib
from pathlib import Path

import numpy as np
import pytest
from jaxtyping import UInt8
from PIL import Image, ImageCms

from nas.depth.data import orientation_of
from nas.pictures import LARGEST_SIDE, PictureError, read_any


@pytest.fixture
def shown() -> UInt8[np.ndarray, "24 32 3"]:
    """Smooth, so that no kind of file changes it by much."""
    rows, columns = np.mgrid[0:24, 0:32]
    return np.stack([60 + 5 * rows, 40 + 5 * columns, 128 + 2 * rows - columns], axis=2).astype(np.uint8)


def saved(path: Path, image: Image.Image, **options: object) -> Path:
    image.save(path, **options)  # type: ignore[arg-type]  # as the format takes them
    return path


def differs(path: Path, shown: UInt8[np.ndarray, "h w 3"]) -> float:
    seen = read_any(path).rgb
    assert seen.shape == shown.shape
    return float(np.abs(seen.astype(float) - shown).mean())


@pytest.mark.parametrize("name", ("a.png", "a.webp", "a.tif", "a.bmp", "a.jpg"))
def test_every_format(name: str, shown: UInt8[np.ndarray, "h w 3"], tmp_path: Path) -> None:
    assert differs(saved(tmp_path / name, Image.fromarray(shown), quality=100), shown) < 2


def test_heic(shown: UInt8[np.ndarray, "h w 3"], tmp_path: Path) -> None:
    heif = pytest.importorskip("pillow_heif", reason="pip install 'chamnas[pictures]'")
    large = shown.repeat(4, 0).repeat(4, 1)
    heif.from_bytes("RGB", (128, 96), large.tobytes()).save(tmp_path / "a.heic", quality=100)
    assert differs(tmp_path / "a.heic", large) < 4


def test_heic_without_what_reads_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pillow_heif", None)
    (tmp_path / "a.heic").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
    with pytest.raises(PictureError, match=r"a\.heic: pip install 'chamnas\[pictures\]'"):
        read_any(tmp_path / "a.heic")


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation(orientation: int, shown: UInt8[np.ndarray, "h w 3"], tmp_path: Path) -> None:
    """Pillow's own turning is the oracle."""
    from PIL import ImageOps

    exif = Image.Exif()
    exif[0x0112] = orientation
    path = saved(tmp_path / "a.png", Image.fromarray(shown), exif=exif)
    with Image.open(path) as stored:
        assert orientation_of(stored) == orientation
        assert np.array_equal(read_any(path).rgb, np.asarray(ImageOps.exif_transpose(stored)))


def test_cmyk_palette_grey_and_16_bits(shown: UInt8[np.ndarray, "h w 3"], tmp_path: Path) -> None:
    image = Image.fromarray(shown)
    assert differs(saved(tmp_path / "a.jpg", image.convert("CMYK"), quality=100), shown) < 2
    assert differs(saved(tmp_path / "a.png", image.quantize(256)), shown) < 4
    grey = np.asarray(image.convert("L"))
    deep = saved(tmp_path / "deep.png", Image.fromarray(grey.astype(np.uint16) * 257 + 100))
    assert differs(deep, np.repeat(grey[..., None], 3, 2)) == 0
    assert read_any(deep).notes == ("16 bits made 8",)


def test_transparent_parts_are_white(shown: UInt8[np.ndarray, "h w 3"], tmp_path: Path) -> None:
    image = Image.fromarray(shown)
    image.putalpha(255)
    assert read_any(saved(tmp_path / "a.png", image)).notes == ()
    half = image.copy()
    half.paste((9, 9, 9, 0), (0, 0, 16, 24))
    seen = read_any(saved(tmp_path / "b.png", half))
    assert (seen.rgb[:, :16] == 255).all() and np.array_equal(seen.rgb[:, 16:], shown[:, 16:])
    assert seen.notes == ("transparent parts put on white",)


@pytest.mark.parametrize("name", ("a.gif", "a.webp", "a.png"))
def test_of_several_frames_the_first(name: str, tmp_path: Path) -> None:
    frames = [Image.new("RGB", (16, 16), colour) for colour in ("red", "blue", "green")]
    seen = read_any(saved(tmp_path / name, frames[0], save_all=True, append_images=frames[1:]))
    assert seen.notes == ("the first of 3 frames",)
    assert np.abs(seen.rgb.reshape(-1, 3).mean(0) - (255, 0, 0)).max() < 4


def test_colours_are_those_of_the_files_profile(shown: UInt8[np.ndarray, "h w 3"], tmp_path: Path) -> None:
    plain = io.BytesIO(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()).getvalue()
    assert differs(saved(tmp_path / "a.png", Image.fromarray(shown), icc_profile=plain), shown) < 1
    broken = read_any(saved(tmp_path / "b.png", Image.fromarray(shown), icc_profile=b"none"))
    assert np.array_equal(broken.rgb, shown)
    assert broken.notes == ("its colour profile cannot be used and was passed over",)


@pytest.mark.parametrize("name", ("wide.jpg", "wide.png"))
def test_a_picture_of_30000_pixels_is_made_smaller(name: str, tmp_path: Path) -> None:
    seen = read_any(saved(tmp_path / name, Image.new("RGB", (30000, 64), (10, 200, 30))))
    assert seen.shape[1] == LARGEST_SIDE and seen.shape[0] in (16, 17, 18)
    assert seen.notes == (f"its 64 x 30000 pixels made {seen.shape[0]} x 8192, to fit into memory",)
    assert np.abs(seen.rgb.reshape(-1, 3).mean(0) - (10, 200, 30)).max() < 4


@pytest.mark.parametrize(
    ("content", "said"),
    (
        (b"", "it is empty"),
        (b"hello", "it holds no picture of a known kind"),
        (None, "image file is truncated"),
        ("one", "a picture must have 8 pixels a side at least"),
        ("float", "numbers must be of 8 or 16 bits"),
        ("bomb", "a picture may have at most 178,956,970 pixels"),
    ),
)
def test_what_is_no_picture_is_refused_by_name(
    content: bytes | str | None, said: str, shown: UInt8[np.ndarray, "h w 3"], tmp_path: Path
) -> None:
    path = tmp_path / ("a.tif" if content == "float" else "a.jpg")
    if content == "one":
        saved(path, Image.new("RGB", (1, 1)))
    elif content == "float":
        saved(path, Image.fromarray(shown[..., 0].astype(np.float32)))
    elif content == "bomb":
        head = io.BytesIO()
        Image.new("L", (8, 8)).save(head, "PNG")
        chunk = b"IHDR" + (60000).to_bytes(4) + (6000).to_bytes(4) + head.getvalue()[24:29]
        path.write_bytes(head.getvalue()[:12] + chunk + zlib.crc32(chunk).to_bytes(4) + head.getvalue()[33:])
    elif isinstance(content, bytes):
        path.write_bytes(content)
    else:
        noise = np.random.default_rng(0).integers(0, 256, (90, 90, 3), dtype=np.uint8)
        whole = saved(path, Image.fromarray(noise)).read_bytes()
        path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(PictureError) as refused:
        read_any(path)
    assert said in str(refused.value) and str(path) in str(refused.value)
