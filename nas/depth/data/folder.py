"""Reads a user's own data set: a folder with `rgb/` and `depth/`, paired by path and stem.

    rgb/kitchen/0001.png      depth/kitchen/0001.png      sub-folder: the group is "kitchen"
    rgb/kitchen_0001.png      depth/kitchen_0001.npy      no sub-folder: the stem before its last "_" or "-"
    rgb/a.png                 depth/a.npz                 neither: each image is a group of its own

Colour is an 8-bit PNG or JPEG; EXIF's orientation is applied. Depth is a 16-bit PNG, an NPY, or an NPZ with `depth` or
with one array; height and width as its picture's, or others of the same aspect; any unit; what is not above 0, NaN and
infinity mark invalid pixels. Both are cropped to the wanted shape around their centre and shrunk by area. Groups are
dealt to train, validation and test in the order of their names' hashes, so that the split depends on nothing but the
names.
"""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float32

from nas.depth.data import survey
from nas.depth.data.depth_encoding import Meaning, text_of
from nas.depth.data.images import DataError, DepthData, DepthImages
from nas.depth.data.pairing import Pair, list_folder
from nas.depth.data.picture_files import Picture, read_depth, read_picture
from nas.depth.data.resample import centre_crop, scaled_window, shrink_depth, shrink_rgb
from nas.depth.data.survey import Sight
from nas.errors import reading

AS_WRITTEN = Meaning()


def read_folder(
    folder: Path,
    *,
    size: tuple[int, int],
    meaning: Meaning = AS_WRITTEN,
    validation_share: float = 0.15,
    test_share: float = 0.15,
    progress: Callable[[int, int], None] | None = None,
) -> DepthData:
    """The data set under `folder`; its notes tell what was read and what was not.

    Args:
      folder: holds `rgb/` and `depth/`.
      size: height and width in pixels of every image of the result.
      meaning: what the numbers in the depth files mean.
      validation_share: of the groups, rounded, at least one.
      test_share: of the groups, rounded, at least one.
      progress: called with (pictures read, pictures in all) after each.

    Raises:
      DataError: no pictures, fewer than three groups, a picture without depth or with two, a file that cannot be read,
        depth of the wrong type or shape or without a valid pixel, or depth that is most likely something else.
    """
    listing = list_folder(folder)
    part_of = split_groups([group_of(pair.name) for pair in listing.pairs], validation_share, test_share)
    reader = _Reader(folder=folder, size=size, meaning=meaning, total=len(listing.pairs), progress=progress)
    parts = {
        part: reader.read([pair for pair in listing.pairs if part_of[group_of(pair.name)] == part])
        for part in ("train", "validation", "test")
    }
    survey.check(reader.sights, meaning)
    return DepthData(
        **parts,
        name=folder.name,
        provenance=f"pairs of rgb/ and depth/ in {folder.name}/, {size=}",
        notes=survey.sentences(reader.sights, meaning, num_groups=len(part_of), unused=listing.unused),
        digest=reader.digest,
    )


def group_of(name: Path) -> str:
    """The group of a picture, from its path below `rgb/` without suffix."""
    if len(name.parts) > 1:
        return name.parts[0]
    cut = max(name.name.rfind("_"), name.name.rfind("-"))
    return name.name[:cut] if cut > 0 else name.name


def split_groups(groups: list[str], validation_share: float, test_share: float) -> dict[str, str]:
    """Assign each group to train, validation or test; by name of the group.

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


class _Reader:
    """Reads pairs, and keeps what there is to tell of them and of their files' contents."""

    def __init__(
        self,
        *,
        folder: Path,
        size: tuple[int, int],
        meaning: Meaning,
        total: int,
        progress: Callable[[int, int], None] | None,
    ) -> None:
        self._folder, self._size, self._meaning = folder, size, meaning
        self._total, self._progress = total, progress
        self._hash = hashlib.sha256()
        self.sights: list[Sight] = []

    @property
    def digest(self) -> str:
        """SHA-256 of the names and contents of all files read so far: another machine's decoder changes nothing."""
        return self._hash.hexdigest()

    def read(self, pairs: Sequence[Pair]) -> DepthImages:
        rgb = np.empty((len(pairs), *self._size, 3), dtype=np.uint8)
        depth = np.empty((len(pairs), *self._size), dtype=np.float32)
        for i, pair in enumerate(pairs):
            picture = read_picture(pair.rgb, self._content(pair.rgb))
            rgb[i] = shrink_rgb(picture.rgb[centre_crop(picture.shape, self._aspect)], self._size)
            depth[i] = self._depth(pair, picture)
            if self._progress is not None:
                self._progress(len(self.sights), self._total)
        return DepthImages(rgb=rgb, depth=depth, group=tuple(group_of(pair.name) for pair in pairs))

    @property
    def _aspect(self) -> float:
        return self._size[1] / self._size[0]

    def _depth(self, pair: Pair, picture: Picture) -> Float32[np.ndarray, "h w"]:
        stored = read_depth(pair.depth, self._content(pair.depth), picture)
        numbers, valid = stored.numbers, self._meaning.is_valid(stored.numbers)
        if not valid.any():
            marks = "".join(f", or {text_of(value)}" for value in self._meaning.invalid)
            raise DataError(
                f"depth needs a pixel above 0, every pixel of {pair.depth} is invalid{marks}; remove it and its picture"
            )
        rgb_name, depth_name = (path.relative_to(self._folder).as_posix() for path in (pair.rgb, pair.depth))
        self.sights.append(survey.look(rgb_name, depth_name, picture, stored.turn, numbers, valid))
        depth = self._meaning.depth(numbers, valid)
        window = centre_crop(picture.shape, self._aspect)
        if depth.shape == picture.shape:
            small = shrink_depth(depth[window], self._size)
        else:
            small = shrink_depth(depth, self._size, scaled_window(window, picture.shape, (len(depth), len(depth[0]))))
        if not np.isfinite(small).any():
            raise DataError(f"depth needs valid pixels near the centre, {pair.depth} has too few; remove it")
        return small

    def _content(self, path: Path) -> bytes:
        with reading(path, DataError, rule="a data folder's files must be readable", cure="change its permissions"):
            content = path.read_bytes()
        self._hash.update(f"{path.relative_to(self._folder).as_posix()}\0{len(content)}\0".encode())
        self._hash.update(content)
        return content
