"""Shards as WebDataset has them: tar files, in which files of one key belong together.

    train/00000.tar                also val/, validation/ and test/, or no such folders
        kitchen/0001.jpg           the key is "kitchen/0001": all up to the first dot of the name
        kitchen/0001.depth.png     16-bit PNG, or kitchen/0001.depth.npy

Depth is in any unit, as in `rgb/` and `depth/`; the group is the key's folder, or the part of its name before the last
"_" or "-". Examples are read by their place in the file: tar files of this format are not compressed.

Source: https://webdataset.github.io/webdataset, "The WebDataset Format".
"""

import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from nas.depth.data.depth_encoding import Meaning
from nas.depth.data.files import group_of, read_depth, read_picture
from nas.depth.data.images import DataError
from nas.depth.data.readers.reader import Example, Files, Frame, Part, Source, relative
from nas.errors import reading

PARTS: Mapping[str, Part] = {
    "train": "train", "val": "validation", "validation": "validation", "test": "test",
}  # fmt: skip
RGB, DEPTH = ("jpg", "jpeg", "png"), ("depth.png", "depth.npy")
RULE, CURE = "a shard must be an uncompressed tar file", "write it again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A file inside a shard: its name, and where its bytes lie."""

    shard: Path
    name: str
    offset: int
    size: int

    def content(self, files: Files) -> bytes:
        with reading(self.shard, DataError, rule=RULE, cure=CURE), self.shard.open("rb") as file:
            file.seek(self.offset)
            content = file.read(self.size)
            if len(content) < self.size:
                raise ValueError(f"it ends inside {self.name}")
        files.add(f"{self.shard.name}/{self.name}", content)
        return content


@dataclass(frozen=True, slots=True)
class WebDatasetReader:
    """See `nas.depth.data.readers.reader.Reader`."""

    def recognises(self, path: Path) -> bool:
        return bool(_shards(path))

    def open(self, path: Path, meaning: Meaning) -> Source:
        examples, lonely = list[Example](), list[str]()
        for shard, part in _shards(path):
            for key, members in _keys(shard).items():
                rgb = next((members[kind] for kind in RGB if kind in members), None)
                depth = next((members[kind] for kind in DEPTH if kind in members), None)
                if rgb and depth:
                    examples.append(_example(path, key, rgb, depth, part, meaning))
                else:
                    lonely.append(f"{relative(shard, path)}/{key}")
        if not examples:
            raise DataError(
                f"shards hold KEY.jpg and KEY.depth.png or KEY.depth.npy, {path} has no such pair; add them"
            )
        return Source(
            examples=tuple(sorted(examples, key=lambda one: one.name)),
            scale=f"{meaning.said} in the files' own unit",
            invalid="what is not above 0 is invalid",
            split="split as the folders say, else by key",
            kind=None,
            median_m=None,
            asks_marks=True,
            unused=f"not used: {len(lonely):,} keys without picture or depth (such as {lonely[0]})" if lonely else "",
        )


def _shards(path: Path) -> list[tuple[Path, Part | None]]:
    """The tar files, each with the part that its folder says."""
    found: list[tuple[Path, Part | None]] = [(file, None) for file in sorted(path.glob("*.tar"))]
    for folder, part in PARTS.items():
        found += [(file, part) for file in sorted((path / folder).glob("*.tar"))]
    return found


def _keys(shard: Path) -> dict[str, dict[str, Member]]:
    """By key its files by ending."""
    keys: dict[str, dict[str, Member]] = {}
    with reading(shard, DataError, rule=RULE, cure=CURE), tarfile.open(shard, "r:") as file:
        for info in file:
            if info.isfile():
                folder, _, name = info.name.rpartition("/")
                stem, _, ending = name.partition(".")
                key = f"{folder}/{stem}" if folder else stem
                member = Member(shard=shard, name=info.name, offset=info.offset_data, size=info.size)
                keys.setdefault(key, {})[ending.lower()] = member
    return keys


def _example(root: Path, key: str, rgb: Member, depth: Member, part: Part | None, meaning: Meaning) -> Example:
    def read(files: Files) -> Frame:
        picture = read_picture(rgb.shard / rgb.name, rgb.content(files))
        stored = read_depth(depth.shard / depth.name, depth.content(files), picture)
        return Frame(
            picture=picture,
            depth_name=f"{relative(depth.shard, root)}/{depth.name}",
            numbers=stored.numbers,
            depth=meaning.depth(stored.numbers, meaning.is_valid(stored.numbers)),
            turn=stored.turn,
        )

    return Example(name=f"{relative(rgb.shard, root)}/{rgb.name}", group=group_of(Path(key)), read=read, part=part)


READER = WebDatasetReader()
