"""Stereo pairs with disparity and calibration, as Middlebury and ETH3D publish them; the left picture is read.

    Adirondack-perfect/im0.png
    Adirondack-perfect/disp0.pfm      or disp0GT.pfm: disparity in pixels; infinity is no disparity
    Adirondack-perfect/calib.txt      cam0=[f 0 cx; 0 f cy; 0 0 1], doffs=.., baseline=.. in mm

Depth is baseline x f / (disparity + doffs). The scene is the group; "-perfect" and "-imperfect" are one scene.

Source: https://vision.middlebury.edu/stereo/data/scenes2014, "Calibration file format".
"""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Shaped

from nas.depth.data.depth_encoding import Meaning
from nas.depth.data.files import read_picture
from nas.depth.data.images import DataError
from nas.depth.data.readers._pairs import pictures_of, unpaired
from nas.depth.data.readers._pfm import read_pfm
from nas.depth.data.readers.reader import Example, Files, Frame, Source, relative
from nas.errors import reading

MEDIAN_M = (0.1, 100.0)
DISPARITIES = ("disp0.pfm", "disp0GT.pfm")
CALIBRATION = "calib.txt"
MM_PER_M = 1000.0
MAX_ABOVE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """A rectified pair: focal length in pixels, distance of the cameras in mm, and of their centres in pixels."""

    focal: float
    baseline_mm: float
    offset: float

    def depth(self, disparity: Shaped[np.ndarray, "h w"]) -> Float[np.ndarray, "h w"]:
        """Metres; NaN where disparity is none."""
        shifted = disparity.astype(np.float64) + self.offset
        valid = np.isfinite(shifted) & (shifted > 0) & (disparity > 0)
        metres = self.baseline_mm / MM_PER_M * self.focal / np.where(valid, shifted, 1)
        return np.where(valid, metres, np.nan).astype(np.float32)


@dataclass(frozen=True, slots=True)
class MiddleburyReader:
    """See `nas.depth.data.readers.reader.Reader`."""

    def recognises(self, path: Path) -> bool:
        return bool(_maps(path))

    def open(self, path: Path, meaning: Meaning) -> Source:
        maps = _maps(path)
        pictures = {disparity: pictures_of(disparity.with_name("im0.png")) for disparity in maps}
        examples = [_example(path, disparity, rgb) for disparity, rgb in pictures.items() if rgb]
        if not examples:
            raise DataError(
                f"a stereo pair needs im0.png, {' or '.join(DISPARITIES)} and {CALIBRATION} in one folder, {path} has "
                "none; unpack the pictures there"
            )
        return Source(
            examples=tuple(sorted(examples, key=lambda one: one.name)),
            scale="PFM is disparity in pixels, baseline x focal length / (disparity + doffs) of calib.txt is depth",
            invalid="infinity and what is not above 0 is no disparity",
            split="split by scene",
            kind="disparity",
            median_m=MEDIAN_M,
            unused=unpaired(path, [disparity for disparity, rgb in pictures.items() if not rgb]),
        )


def _maps(path: Path) -> list[Path]:
    """One file of disparity for each folder that has a calibration too."""
    folders = [file.parent for above in range(MAX_ABOVE + 1) for file in sorted(path.glob("*/" * above + CALIBRATION))]
    found = [next((folder / name for name in DISPARITIES if (folder / name).is_file()), None) for folder in folders]
    return [disparity for disparity in found if disparity]


def read_calibration(path: Path, content: bytes) -> Calibration:
    """What calib.txt says.

    Raises:
      DataError: it lacks the focal length or the baseline, or one of them is not above 0.
    """
    with reading(path, DataError, rule="a stereo pair's calibration must be text", cure="restore it"):
        said = dict(re.findall(r"^(\w+)\s*=\s*(.*?)\s*$", content.decode(), re.MULTILINE))
        focal = float(said["cam0"].strip("[]").split()[0])
        baseline, offset = float(said["baseline"]), float(said.get("doffs", 0))
    if not (focal > 0 and baseline > 0):
        raise DataError(f"focal length and baseline must be above 0, {path} has {focal:g} and {baseline:g}; restore it")
    return Calibration(focal=focal, baseline_mm=baseline, offset=offset)


def _example(root: Path, disparity: Path, rgb: Path) -> Example:
    calibration = disparity.with_name(CALIBRATION)

    def read(files: Files) -> Frame:
        picture = read_picture(rgb, files.content(rgb))
        numbers = read_pfm(disparity, files.content(disparity))
        camera = read_calibration(calibration, files.content(calibration))
        return Frame(
            picture=picture, depth_name=relative(disparity, root), numbers=numbers, depth=camera.depth(numbers)
        )

    scene = re.sub(r"-(im)?perfect$", "", disparity.parent.name)
    return Example(name=relative(rgb, root), group=scene, read=read)


READER = MiddleburyReader()
