"""A user's own pictures: a folder with `rgb/` and `depth/`, paired by path and stem.

    rgb/kitchen/0001.png      depth/kitchen/0001.png      sub-folder: the group is "kitchen"
    rgb/kitchen_0001.png      depth/kitchen_0001.npy      no sub-folder: the stem before its last "_" or "-"
    rgb/a.png                 depth/a.npz                 neither: each image is a group of its own

Colour is an 8-bit PNG or JPEG. Depth is a 16-bit PNG, an NPY, or an NPZ with `depth` or with one array; height and
width as its picture's; any unit; 0, NaN and infinity mark invalid pixels. Both are cropped to the wanted shape around
their centre and shrunk by area. Groups are dealt to train, validation and test in the order of their names' hashes,
so that the split depends on nothing but the names.
"""

import hashlib
import zipfile
from pathlib import Path

import numpy as np
from jaxtyping import Float32, UInt8
from PIL import Image, UnidentifiedImageError

from nas.depth.data import DataError, DepthData, DepthImages
from nas.depth.resample import centre_crop, shrink_depth, shrink_rgb

_RGB_SUFFIXES = (".png", ".jpg", ".jpeg")
_DEPTH_SUFFIXES = (".png", ".npy", ".npz")


def read_folder(
    folder: Path, *, size: tuple[int, int], validation_share: float = 0.15, test_share: float = 0.15
) -> DepthData:
    """The data set under `folder`.

    Args:
      folder: holds `rgb/` and `depth/`.
      size: height and width in pixels of every image of the result.
      validation_share: of the groups, rounded, at least one.
      test_share: of the groups, rounded, at least one.

    Raises:
      DataError: no pictures, fewer than three groups, a picture without depth or with two, a file that cannot be read,
        or depth of the wrong type or shape or without a valid pixel.
    """
    root = folder / "rgb"
    paths = sorted(path for path in root.rglob("*") if path.suffix.lower() in _RGB_SUFFIXES)
    if not paths:
        raise DataError(f"a data folder needs pictures in rgb/ and their depth in depth/, {root} has none; add them")
    names = [path.relative_to(root).with_suffix("") for path in paths]
    depths = [_find_depth(folder / "depth", name) for name in names]
    part_of = split_groups([group_of(name) for name in names], validation_share, test_share)
    parts = {
        part: _read_pairs(
            [
                (rgb, depth, group_of(name))
                for rgb, depth, name in zip(paths, depths, names, strict=True)
                if part_of[group_of(name)] == part
            ],
            size,
        )
        for part in ("train", "validation", "test")
    }
    return DepthData(**parts, name=folder.name, provenance=f"pairs of rgb/ and depth/ in {folder.name}/, {size=}")


def group_of(name: Path) -> str:
    """The group of a picture, from its path below `rgb/` without suffix."""
    if len(name.parts) > 1:
        return name.parts[0]
    cut = max(name.name.rfind("_"), name.name.rfind("-"))
    return name.name[:cut] if cut > 0 else name.name


def split_groups(groups: list[str], validation_share: float, test_share: float) -> dict[str, str]:
    """Group -> part.

    Raises:
      DataError: there are too few groups for three parts.
    """
    ordered = sorted(set(groups), key=lambda group: hashlib.sha256(group.encode()).digest())
    num_validation = max(1, round(validation_share * len(ordered)))
    num_test = max(1, round(test_share * len(ordered)))
    if len(ordered) <= num_validation + num_test:
        raise DataError(
            f"train, validation and test need a group each, got {len(ordered)} groups: {', '.join(ordered[:5])}; "
            "put the pictures of each scene in a sub-folder of its own, at least three, or lower the shares"
        )
    parts = ["validation"] * num_validation + ["test"] * num_test
    return {group: parts[i] if i < len(parts) else "train" for i, group in enumerate(ordered)}


def read_rgb(path: Path) -> UInt8[np.ndarray, "h w 3"]:
    """An 8-bit picture.

    Raises:
      DataError: the file is no picture, or not of 8 bits.
    """
    try:
        with Image.open(path) as image:
            if image.mode not in ("RGB", "RGBA", "L", "P"):
                raise DataError(
                    f"rgb must be an 8-bit picture, {path} has mode {image.mode!r}; convert it to 8-bit RGB"
                )
            return np.array(image.convert("RGB"))
    except (UnidentifiedImageError, OSError, SyntaxError) as error:
        raise DataError(f"rgb must be a PNG or JPEG, {path} cannot be read ({error}); replace the file") from error


def read_depth(path: Path, shape: tuple[int, int]) -> Float32[np.ndarray, "{shape[0]} {shape[1]}"]:
    """The depth of a picture of `shape` (height, width).

    Raises:
      DataError: the file cannot be read, is no depth, has another shape, or no valid pixel.
    """
    depth = _load_depth(path)
    if depth.dtype.kind not in "fiu":
        raise DataError(f"depth must be numbers, {path} holds {depth.dtype}; save it as float32")
    if depth.shape != shape:
        raise DataError(
            f"depth must have its picture's shape {shape}, {path} has {depth.shape}; export it at that size"
        )
    depth = depth.astype(np.float32)
    if not (np.isfinite(depth) & (depth > 0)).any():
        raise DataError(f"depth needs a pixel above 0, every pixel of {path} is invalid; remove it and its picture")
    return depth


def _load_depth(path: Path) -> np.ndarray:
    try:
        if path.suffix.lower() == ".png":
            with Image.open(path) as image:
                if not image.mode.startswith("I"):
                    raise DataError(
                        f"depth in a PNG must have 16 bits and one channel, {path} has mode {image.mode!r}; "
                        "export 16-bit PNG or NPY"
                    )
                return np.array(image)
        with path.open("rb") as file:
            loaded = np.load(file, allow_pickle=False)
            if isinstance(loaded, np.ndarray):
                return loaded
            array: np.ndarray = loaded["depth" if "depth" in loaded.files else _only(loaded.files, path)]
            return array
    except DataError:
        raise
    except (UnidentifiedImageError, OSError, EOFError, SyntaxError, ValueError, zipfile.BadZipFile) as error:
        raise DataError(f"depth must be a PNG, NPY or NPZ, {path} cannot be read ({error}); replace it") from error


def _only(names: list[str], path: Path) -> str:
    if len(names) != 1:
        raise DataError(f"a depth NPZ needs an array named depth, {path} has {names}; name it depth")
    return names[0]


def _find_depth(root: Path, name: Path) -> Path:
    candidates = [root / name.parent / f"{name.name}{suffix}" for suffix in _DEPTH_SUFFIXES]
    found = [path for path in candidates if path.exists()]
    if len(found) != 1:
        listed = ", ".join(str(path) for path in found or candidates)
        rule = "two depth files" if found else "no depth"
        raise DataError(f"each picture needs one depth file, rgb/{name} has {rule} ({listed}); keep or add just one")
    return found[0]


def _read_pairs(pairs: list[tuple[Path, Path, str]], size: tuple[int, int]) -> DepthImages:
    rgb = np.empty((len(pairs), *size, 3), dtype=np.uint8)
    depth = np.empty((len(pairs), *size), dtype=np.float32)
    for i, (rgb_path, depth_path, _) in enumerate(pairs):
        picture = read_rgb(rgb_path)
        window = centre_crop(picture.shape[:2], size[1] / size[0])
        truth = read_depth(depth_path, picture.shape[:2])
        rgb[i] = shrink_rgb(picture[window], size)
        depth[i] = shrink_depth(truth[window], size)
        if not np.isfinite(depth[i]).any():
            raise DataError(f"depth needs valid pixels near the centre, {depth_path} has too few; remove it")
    return DepthImages(rgb=rgb, depth=depth, group=tuple(group for _, _, group in pairs))
