"""The 3D photo in a browser, on screenshots: it moves the right way round, tears nowhere, and shows what is there."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from jaxtyping import Bool, Float, UInt8
from PIL import Image
from scipy.ndimage import gaussian_filter

pytest.importorskip("cv2", reason="pip install 'chamnas[pictures]'")

from nas.pictures.photo.mesh import Mesh  # they import OpenCV
from nas.pictures.photo.page import page
from nas.pictures.photo.parallax import parallax_of
from nas.pictures.photo.photo import Photo, photo_of
from tests.launch.report.browsing import Window, browser, window
from tests.nas.pictures.photo.scene import HEIGHT, WIDTH, View, reddest, rendered

pytestmark = pytest.mark.browser

SOFTWARE = ("--use-angle=swiftshader", "--enable-unsafe-swiftshader")  # WebGL without a graphics card
VIEWS = [(x, y) for y in (-1, 0, 1) for x in (-1, 0, 1)]
HIDDEN_BLUE = 255

Shot = UInt8[np.ndarray, "h w 3"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A page in the browser."""

    window: Window

    def at(self, x: float, y: float) -> Shot:
        """A screenshot from where the eye is then, between -1 and 1 along either axis."""
        self.window.page.evaluate(f"look({x}, {y})")
        return self.still(f"{x:g} {y:g}")

    def still(self, eye: str) -> Shot:
        self.window.page.wait_for_selector(f'#frame[data-still="{eye}"]')
        content = self.window.page.locator("canvas").screenshot()
        return np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))


@pytest.fixture(scope="module")
def photo() -> Photo:
    return photo_of(*rendered(View()))


@pytest.fixture(scope="module")
def running() -> Iterator[object]:
    with browser(*SOFTWARE) as found:
        yield found


@pytest.fixture(scope="module")
def shown(running: object, photo: Photo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    with opened(running, photo, tmp_path_factory.mktemp("page")) as found:
        yield found


@contextmanager
def opened(running: object, photo: Photo, folder: Path) -> Iterator[Shown]:
    """The page of a photo, a pixel of the window for each of the picture's; nothing eases in."""
    file = folder / "photo.html"
    file.write_text(page(photo, "A <b>photo</b>.jpg"))
    with window(running, width=WIDTH, height=HEIGHT, reduced_motion="reduce") as seen:
        seen.page.goto(file.as_uri())
        found = Shown(window=seen)
        found.still("0 0")
        yield found


def psnr(shot: Shot, truth: Shot) -> float:
    return float(20 * np.log10(255 / np.sqrt(np.square(shot.astype(float) - truth).mean())))


def ssim(shot: Shot, truth: Shot) -> float:
    """Mean over the three colours. Source: Wang et al. 2004, "Image quality assessment", equation 13."""
    a, b = shot.astype(float), truth.astype(float)

    def mean(values: Float[np.ndarray, "h w 3"]) -> Float[np.ndarray, "h w 3"]:
        return gaussian_filter(values, (1.5, 1.5, 0))

    variances = mean(a * a) - mean(a) ** 2 + mean(b * b) - mean(b) ** 2
    covariance = mean(a * b) - mean(a) * mean(b)
    likeness = (2 * mean(a) * mean(b) + 6.5) * (2 * covariance + 58.5)
    return float((likeness / ((mean(a) ** 2 + mean(b) ** 2 + 6.5) * (variances + 58.5))).mean())


def plain_warp(photo: Photo) -> Photo:
    """The picture as one sheet of rubber: every cell's corners shared with its neighbours', nothing behind."""
    colours, log_disparity = rendered(View())
    front = np.pad(parallax_of(log_disparity, colours).values, photo.border, mode="edge")
    rows, columns = front.shape
    sides = np.pad(front, 1, mode="edge")
    corners = (sides[1:, 1:] + sides[:-1, 1:] + sides[1:, :-1] + sides[:-1, :-1]) / 4
    y, x = (axis.ravel().astype(np.float32) for axis in np.mgrid[0 : rows + 1, 0 : columns + 1])
    at = np.arange(len(x)).reshape(rows + 1, columns + 1)
    a, b, c, d = at[:-1, :-1].ravel(), at[:-1, 1:].ravel(), at[1:, 1:].ravel(), at[1:, :-1].ravel()
    triangles = np.concatenate([np.stack([a, d, b], 1), np.stack([b, d, c], 1)]).astype(np.int32)
    mesh = Mesh(
        x=x,
        y=y,
        parallax=corners.ravel().astype(np.float32),
        layer=np.zeros(len(x), np.int32),
        triangles=triangles,
        num_front=len(triangles),
    )
    return replace(photo, mesh=mesh, hidden=np.zeros((1, 1, 3), np.uint8))


def coordinates(photo: Photo) -> Photo:
    """The photo with colours that tell where on the picture they are from, and what is hidden in blue."""
    y, x = np.mgrid[0 : photo.picture.shape[0], 0 : photo.picture.shape[1]]
    told = np.stack([40 + 1.2 * x, 40 + 1.2 * y, 0 * x], axis=2)
    blue = np.zeros_like(photo.hidden)
    blue[..., 2] = HIDDEN_BLUE
    return replace(photo, picture=np.rint(told).astype(np.uint8), hidden=blue)


def standing_still(shot: Shot) -> Bool[np.ndarray, "h w"]:
    """Pixels of the front at which the picture's coordinates do not advance in three steps: it is stretched there."""
    front = shot[..., 2] < HIDDEN_BLUE // 8
    found = np.zeros(front.shape, bool)
    for values, mine, of_front in ((shot[..., 0], found, front), (shot[..., 1].T, found.T, front.T)):
        same = (values[:, 1:] == values[:, :-1]) & of_front[:, 1:] & of_front[:, :-1]
        mine[:, 1:-2] |= same[:, 2:] & same[:, 1:-1] & same[:, :-2]
    return found


def lossless(colours: Shot, quality: int) -> bytes:
    file = io.BytesIO()
    Image.fromarray(colours).save(file, "PNG")
    return file.getvalue()


def test_at_rest_it_is_the_picture(shown: Shown) -> None:
    picture, _ = rendered(View())
    shot = shown.at(0, 0)
    assert shot.shape == picture.shape
    assert psnr(shot, picture) > 38 and ssim(shot, picture) > 0.97


def test_the_near_moves_against_the_far_the_right_way_round(shown: Shown, photo: Photo) -> None:
    left, right, up, down = (shown.at(*eye) for eye in ((-1, 0), (1, 0), (0, -1), (0, 1)))
    travel = photo.travel * WIDTH * (1 - photo.pivot)
    across = reddest(left) - reddest(right)  # the eye goes to the right, what is near to the left
    along = reddest(up) - reddest(down)
    assert np.abs(across - (0, 2 * travel)).max() < 0.5
    assert np.abs(along - (2 * travel, 0)).max() < 0.5


def test_pointer_finger_keys_and_tilt_move_it(shown: Shown) -> None:
    page = shown.window.page
    rest = shown.at(0, 0)
    page.mouse.move(WIDTH * 3 // 4, HEIGHT // 2)
    assert np.abs(shown.still("0.5 0").astype(int) - rest).max() > 40
    page.keyboard.press("Home")
    assert np.array_equal(shown.still("0 0"), rest)
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowUp")
    assert not np.array_equal(shown.still("-0.25 -0.25"), rest)
    page.keyboard.press("Home")
    shown.still("0 0")
    fingers = (("pointerdown", 80, 60), ("pointermove", 60, 60), ("pointerup", 60, 60))
    for kind, x, y in fingers:
        page.evaluate(
            "([kind, x, y]) => frame.dispatchEvent(new PointerEvent(kind, {pointerType: 'touch', clientX: x, "
            "clientY: y, bubbles: true}))",
            [kind, x, y],
        )
    shown.still("0.5 0")
    for beta, gamma in ((40, 0), (47.5, -15)):  # however it is held at first is level
        page.evaluate(
            f"dispatchEvent(new DeviceOrientationEvent('deviceorientation', {{beta: {beta}, gamma: {gamma}}}))"
        )
    shown.still("-1 0.5")
    page.mouse.move(WIDTH // 2, HEIGHT // 2)
    assert np.array_equal(shown.still("0 0"), rest)


def test_nine_views_have_no_stretched_pixel_and_no_hole(
    running: object, photo: Photo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nas.pictures.photo.page.jpeg", lossless)
    with opened(running, coordinates(photo), tmp_path) as shown:
        shots = [shown.at(*view) for view in VIEWS]
    assert [int(standing_still(shot).sum()) for shot in shots] == [0] * 9
    assert [int((shot.max(axis=2) < 30).sum()) for shot in shots] == [0] * 9
    assert not (shots[4][..., 2] > HIDDEN_BLUE // 8).any(), "at rest nothing hidden is seen"
    assert min((shot[..., 2] > HIDDEN_BLUE // 2).sum() for i, shot in enumerate(shots) if i != 4) > 50
    with opened(running, coordinates(plain_warp(photo)), tmp_path) as shown:  # and the measure sees what is stretched
        assert standing_still(shown.at(1, 0)).sum() > 5


def test_views_are_closer_to_the_truth_than_a_plain_warp(
    running: object, photo: Photo, shown: Shown, tmp_path: Path
) -> None:
    views = [view for view in VIEWS if view != (0, 0)]
    truths = [rendered(View(x=x, y=y, travel=photo.travel * WIDTH, pivot=photo.pivot))[0] for x, y in views]
    layered = [shown.at(*view) for view in views]
    with opened(running, plain_warp(photo), tmp_path) as plain:
        warped = [plain.at(*view) for view in views]
    inner = np.s_[8:-8, 8:-8]  # what lay beyond the picture's border nobody knows
    for measure in (psnr, ssim):
        ours, theirs = (
            np.array([measure(shot[inner], truth[inner]) for shot, truth in zip(shots, truths, strict=True)])
            for shots in (layered, warped)
        )
        print(f"{measure.__name__}: layered {ours.mean():.3f} ({ours.min():.3f}), plain {theirs.mean():.3f}")
        assert (ours > theirs).all()


def test_the_page_says_and_asks_for_nothing_else(shown: Shown) -> None:
    assert shown.window.complaints == []
    assert shown.window.page.title() == "A <b>photo</b>.jpg"


def test_without_graphics_the_picture_is_shown(running: object, photo: Photo, tmp_path: Path) -> None:
    file = tmp_path / "photo.html"
    file.write_text(page(photo, "flat"))
    with window(running, width=WIDTH, height=HEIGHT) as seen:
        seen.page.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
        seen.page.goto(file.as_uri())
        seen.page.wait_for_selector("#frame.plain")
        assert "WebGL 2" in seen.page.locator("#said").inner_text()
        seen.page.evaluate("said.remove()")
        shot = np.asarray(Image.open(io.BytesIO(seen.page.locator("#frame").screenshot())).convert("RGB"))
        assert seen.complaints == []
    picture, _ = rendered(View())
    assert psnr(shot, picture) > 30
