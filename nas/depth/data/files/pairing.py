"""Pairs the pictures of a data folder with their depth, and lists what is not used.

Linked files and folders are followed; a folder that several ways lead to is read once, by the way without links if
there is one, so that a circle of links ends and its pictures are in one group only. Names that begin with a dot are
hidden. Endings are known in small and in capital letters.
"""

import os
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nas.depth.data.images import DataError

RGB_SUFFIXES = (".png", ".jpg", ".jpeg")
DEPTH_SUFFIXES = (".png", ".npy", ".npz")
OTHERS = READ_TWICE, NO_FILES = "link{s} to a folder that is read already", "broken link{s} or special file{s}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A picture and its depth; `name` is the picture's path below `rgb/` without ending."""

    name: Path
    rgb: Path
    depth: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Files below a folder, and by kind what else there is."""

    files: tuple[Path, ...]
    others: Mapping[str, Sequence[Path]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The pairs by name, and one sentence about what is not used, "" if there is nothing."""

    pairs: tuple[Pair, ...]
    unused: str


def list_folder(folder: Path) -> Listing:
    """What there is to read.

    Raises:
      DataError: no pictures, a picture without depth or with two, two pictures of one name, or a folder that cannot
        be looked into.
    """
    try:
        rgb, depth = walk(folder / "rgb"), walk(folder / "depth")
        pictures = _pictures(folder / "rgb", rgb)
        depth_of = _DepthFolder(root=folder / "depth")
        pairs = tuple(Pair(name=name, rgb=path, depth=depth_of.find(name)) for name, path in sorted(pictures.items()))
        return Listing(pairs=pairs, unused=_unused(folder, rgb, depth, pairs))
    except OSError as error:
        raise DataError(f"a data folder must be readable, {error}; change its permissions") from error


def walk(root: Path) -> Found:
    """Everything below `root`, hidden names aside."""
    files: list[Path] = []
    others: dict[str, list[Path]] = defaultdict(list)
    folders, seen = [root] if root.is_dir() else [], set[str]()
    links: list[Path] = []
    while folders or links:
        folder = folders.pop() if folders else links.pop(links.index(min(links)))
        real = os.path.realpath(folder)
        if real in seen:
            others[READ_TWICE].append(folder)
            continue
        seen.add(real)
        for path in sorted(path for path in folder.iterdir() if not path.name.startswith(".")):
            if path.is_dir():
                (links if path.is_symlink() else folders).append(path)
            elif path.is_file():
                files.append(path)
            else:
                others[NO_FILES].append(path)
    return Found(files=tuple(sorted(files)), others=others)


def _pictures(root: Path, found: Found) -> dict[Path, Path]:
    """Pictures by name."""
    pictures: dict[Path, Path] = {}
    for path in found.files:
        if path.suffix.lower() in RGB_SUFFIXES:
            name = path.relative_to(root).with_suffix("")
            if name in pictures:
                raise DataError(
                    f"a picture needs a name of its own, {pictures[name]} and {path} would share one depth; "
                    "remove or rename one"
                )
            pictures[name] = path
    if not pictures:
        instead = _counted(_by_suffix(found.files, root.parent) | _shown(found.others, root.parent))
        raise DataError(
            "a data folder needs pictures in rgb/ and their depth in depth/, "
            f"{root} has none{f' but {instead}' if instead else ''}; add them as PNG or JPEG"
        )
    return pictures


class _DepthFolder:
    """Looks for depth by name; lists each folder once."""

    def __init__(self, *, root: Path) -> None:
        self._root = root
        self._names: dict[Path, dict[str, list[Path]]] = {}

    def find(self, name: Path) -> Path:
        there = self._files(self._root / name.parent).get(name.name, [])
        found = [path for path in there if path.suffix.lower() in DEPTH_SUFFIXES]
        if len(found) == 1:
            return found[0]
        if found:
            rule, listed = "two depth files", found
        elif there:
            rule, listed = "no depth that is read", there
        else:
            rule, listed = "no depth", [self._root / name.parent / f"{name.name}{suffix}" for suffix in DEPTH_SUFFIXES]
        raise DataError(
            f"each picture needs one depth file, rgb/{name} has {rule} ({', '.join(map(str, listed))}); "
            f"keep or add just one, {', '.join(DEPTH_SUFFIXES)}"
        )

    def _files(self, folder: Path) -> dict[str, list[Path]]:
        """By name without ending."""
        if folder not in self._names:
            names: dict[str, list[Path]] = defaultdict(list)
            for path in sorted(folder.iterdir()) if folder.is_dir() else ():
                if path.is_file():
                    names[path.stem].append(path)
            self._names[folder] = names
        return self._names[folder]


def _unused(folder: Path, rgb: Found, depth: Found, pairs: Sequence[Pair]) -> str:
    """A sentence that counts and names what is under the folder and no part of a pair."""
    used = {os.path.realpath(path) for pair in pairs for path in (pair.rgb, pair.depth)}
    used_folders = {folder / "rgb", folder / "depth"}
    rest = {path for path in folder.iterdir() if path not in used_folders and not path.name.startswith(".")}
    left = [path for path in (*rgb.files, *depth.files) if os.path.realpath(path) not in used]
    lonely = [path for path in left if _is_depth(path, folder)]
    kinds = _shown({"depth file{s} without a picture": lonely}, folder)
    kinds |= _by_suffix([path for path in left if path not in set(lonely)], folder)
    kinds |= _shown({kind: [*rgb.others.get(kind, ()), *depth.others.get(kind, ())] for kind in OTHERS}, folder)
    kinds |= _by_suffix(sorted(path for path in rest if not path.is_dir()), folder)
    kinds |= _shown({"other folder{s}": sorted(path for path in rest if path.is_dir())}, folder)
    counted = _counted(kinds)
    return f"not used: {counted}; pictures are read from PNG and JPEG, depth from PNG, NPY and NPZ" if counted else ""


def _is_depth(path: Path, folder: Path) -> bool:
    return path.relative_to(folder).parts[0] == "depth" and path.suffix.lower() in DEPTH_SUFFIXES


def _by_suffix(paths: Iterable[Path], folder: Path) -> dict[str, list[str]]:
    kinds: dict[str, list[Path]] = defaultdict(list)
    for path in paths:
        parts = path.relative_to(folder).parts
        kind = f"{path.suffix.lower()} file{{s}}" if path.suffix else "file{s} without ending"
        kinds[f"{kind} in {parts[0]}/" if len(parts) > 1 else kind].append(path)
    return _shown(kinds, folder)


def _shown(kinds: Mapping[str, Sequence[Path]], folder: Path) -> dict[str, list[str]]:
    return {kind: [path.relative_to(folder).as_posix() for path in paths] for kind, paths in kinds.items() if paths}


def _counted(kinds: Mapping[str, Sequence[str]]) -> str:
    return ", ".join(
        f"{len(paths):,} {kind.replace('{s}', 's' if len(paths) > 1 else '')} "
        f"({'such as ' if len(paths) > 1 else ''}{paths[0]})"
        for kind, paths in kinds.items()
    )
