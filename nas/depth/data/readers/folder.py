"""The plain format, a folder with `rgb/` and `depth/`, paired by path and stem.

    rgb/kitchen/0001.png      depth/kitchen/0001.png      sub-folder: the group is "kitchen"
    rgb/kitchen_0001.png      depth/kitchen_0001.npy      no sub-folder: the stem before its last "_" or "-"
    rgb/a.png                 depth/a.npz                 neither: each image is a group of its own

Colour is an 8-bit PNG or JPEG; EXIF's orientation is applied. Depth is a 16-bit PNG, an NPY, or an NPZ with `depth` or
with one array; height and width as its picture's, or others of the same aspect; any unit; what is not above 0, NaN and
infinity mark invalid pixels, and whatever else the owner says.
"""

from dataclasses import dataclass
from pathlib import Path

from nas.depth.data.depth_encoding import Meaning
from nas.depth.data.files import Pair, group_of, list_folder, read_depth, read_picture
from nas.depth.data.readers.reader import Example, Files, Frame, Source, relative


@dataclass(frozen=True, slots=True)
class FolderReader:
    """See `nas.depth.data.readers.reader.Reader`."""

    def recognises(self, path: Path) -> bool:
        return (path / "rgb").is_dir() and (path / "depth").is_dir()

    def open(self, path: Path, meaning: Meaning) -> Source:
        listing = list_folder(path)
        return Source(
            examples=tuple(_example(path, pair, meaning) for pair in listing.pairs),
            scale=f"{meaning.said} in the files' own unit",
            invalid="what is not above 0 is invalid",
            split="split by sub-folder or name",
            kind=None,
            median_m=None,
            asks_marks=True,
            unused=listing.unused,
        )


def _example(root: Path, pair: Pair, meaning: Meaning) -> Example:
    def read(files: Files) -> Frame:
        picture = read_picture(pair.rgb, files.content(pair.rgb))
        stored = read_depth(pair.depth, files.content(pair.depth), picture)
        return Frame(
            picture=picture,
            depth_name=relative(pair.depth, root),
            numbers=stored.numbers,
            depth=meaning.depth(stored.numbers, meaning.is_valid(stored.numbers)),
            turn=stored.turn,
        )

    return Example(name=relative(pair.rgb, root), group=group_of(pair.name), read=read)


READER = FolderReader()
