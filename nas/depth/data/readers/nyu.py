"""NYU Depth v2, the labelled part: one MATLAB file of version 7.3, which is HDF5.

    nyu_depth_v2_labeled.mat      images [n, 3, w, h] uint8, depths [n, w, h] float32 in metres, scenes: n names
    splits.mat                    beside it, if at all: trainNdxs and testNdxs, counted from 1

MATLAB stores columns first, so that both come transposed. The scene is the group. Needs h5py.

Source: https://cs.nyu.edu/~fergus/datasets/nyu_depth_v2.html, "Labeled dataset".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nas.depth.data.depth_encoding import Meaning
from nas.depth.data.files import Picture
from nas.depth.data.images import DataError
from nas.depth.data.readers._extras import extra
from nas.depth.data.readers.reader import Example, Files, Frame, Part, Source
from nas.errors import reading

MEDIAN_M = (0.5, 10.0)
FILE, SPLITS = "nyu_depth_v2_labeled.mat", "splits.mat"
RULE, CURE = "NYU's labelled file must be HDF5 with images, depths and scenes", "download it again"


@dataclass(frozen=True, slots=True)
class NyuReader:
    """See `nas.depth.data.readers.reader.Reader`."""

    def recognises(self, path: Path) -> bool:
        return _file(path).is_file()

    def open(self, path: Path, meaning: Meaning) -> Source:
        file = _file(path)
        if not file.is_file():
            raise DataError(f"NYU's labelled part is the file {FILE}, {path} has none; download it there")
        scenes = _scenes(file)
        parts = _parts(file.with_name(SPLITS), len(scenes))
        return Source(
            examples=tuple(_example(file, i, scene, parts.get(i)) for i, scene in enumerate(scenes)),
            scale="HDF5 in metres",
            invalid="0 is no depth",
            split=f"split by scene, test as {SPLITS} says" if parts else "split by scene",
            kind="depth",
            median_m=MEDIAN_M,
        )


def _file(path: Path) -> Path:
    return path / FILE if path.is_dir() else path if path.suffix == ".mat" else path / FILE


def _scenes(file: Path) -> list[str]:
    """The scene of each picture: the file holds references to texts of 16-bit characters."""
    with reading(file, DataError, rule=RULE, cure=CURE), _opened(file) as opened:
        num_images, num_depths = len(opened["images"]), len(opened["depths"])
        scenes = ["".join(map(chr, np.ravel(opened[name][()]))) for name in np.ravel(opened["scenes"][()])]
    if not num_images == num_depths == len(scenes):
        raise DataError(
            f"{RULE} of one length, {file} has {num_images}, {num_depths} and {len(scenes)}; {CURE}",
        )
    return scenes


def _opened(file: Path) -> Any:
    return extra("h5py", "data", "NYU's labelled file").File(file, "r")


def _parts(file: Path, number: int) -> Mapping[int, Part]:
    """The test pictures, by their index from 0; none where no file says."""
    if not file.is_file():
        return {}
    from scipy.io import loadmat

    with reading(file, DataError, rule=f"{SPLITS} must hold testNdxs", cure="remove it or download it again"):
        chosen = np.ravel(loadmat(file, variable_names=["testNdxs"])["testNdxs"]).astype(int) - 1
        if len(chosen) and not 0 <= chosen.min() <= chosen.max() < number:
            raise ValueError(f"it names picture {chosen.max() + 1} of {number}")
    return {int(i): "test" for i in chosen}


def _example(file: Path, index: int, scene: str, part: Part | None) -> Example:
    name = f"{file.name}/{index:04d}"

    def read(files: Files) -> Frame:
        with reading(file, DataError, rule=RULE, cure=CURE), _opened(file) as opened:
            image, metres = np.asarray(opened["images"][index]), np.asarray(opened["depths"][index])
        if image.dtype != np.uint8 or image.ndim != 3 or metres.ndim != 2:
            raise DataError(f"{RULE}, {name} has {image.dtype} {image.shape} and depth {metres.shape}; {CURE}")
        files.add(name, image.tobytes() + metres.tobytes())
        rgb = np.ascontiguousarray(image.transpose(2, 1, 0))
        picture = Picture(rgb=rgb, orientation=None, stored=(rgb.shape[0], rgb.shape[1]))
        return Frame(picture=picture, depth_name=name, numbers=metres.T, depth=metres.T.astype(np.float32))

    return Example(name=name, group=scene, read=read, part=part)


READER = NyuReader()
