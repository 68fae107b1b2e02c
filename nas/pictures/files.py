"""Which files are pictures, and what their outputs are called: one name for each, whatever the folders hold."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nas.pictures.reading import PictureError

PICTURE_SUFFIXES = (
    ".jpg", ".jpeg", ".jpe", ".mpo", ".png", ".webp", ".heic", ".heif", ".hif", ".avif", ".tif", ".tiff", ".bmp",
    ".gif",
)  # fmt: skip
VIDEO_SUFFIXES = (".mp4", ".mov", ".m4v", ".avi", ".mkv", ".webm")


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureFile:
    """A picture or a video to read, and the path below the output folder that its outputs' names begin with."""

    path: Path
    name: Path

    @property
    def is_video(self) -> bool:
        return self.path.suffix.lower() in VIDEO_SUFFIXES

    def output(self, out: Path, ending: str) -> Path:
        """A file of this picture, such as NAME-depth.png for the ending "-depth.png"."""
        return out / self.name.with_name(f"{self.name.name}{ending}")


def picture_files(sources: Sequence[Path], out: Path) -> tuple[PictureFile, ...]:
    """Files in the order of `sources`, those of a folder by name, its sub-folders included; each once.

    A file that is named is taken whatever it is called; of a folder's, what a picture is called, is not hidden, and
    does not lie in `out`. A folder's videos are left: one takes as long as thousands of pictures.

    Raises:
      PictureError: a source is not there, or none has a picture.
    """
    found: dict[Path, Path] = {}
    for source in sources:
        if not source.exists():
            raise PictureError(f"a picture or a folder of them must be there, {source} is not; check its name")
        for path, base in _listed(source, out.resolve()):
            found.setdefault(path, path.relative_to(base))
    if not found:
        raise PictureError(
            f"a folder needs a picture ({', '.join(PICTURE_SUFFIXES)}), {sources[0]} has none; name another"
        )
    stems = Counter(name.with_suffix("") for name in found.values())
    names = {path: name.with_suffix("") if stems[name.with_suffix("")] == 1 else name for path, name in found.items()}
    return tuple(PictureFile(path=path, name=name) for path, name in _apart(names).items())


def _listed(source: Path, out: Path) -> list[tuple[Path, Path]]:
    if not source.is_dir():
        return [(source, source.parent)]
    inside = sorted(
        path
        for path in source.rglob("*")
        if path.suffix.lower() in PICTURE_SUFFIXES
        and not any(part.startswith(".") for part in path.relative_to(source).parts)
        and path.is_file()
        and not path.resolve().is_relative_to(out)
    )
    return [(path, source) for path in inside]


def _apart(names: dict[Path, Path]) -> dict[Path, Path]:
    """Files of one name from several folders get a number."""
    seen: Counter[Path] = Counter()
    apart = {}
    for path, name in names.items():
        seen[name] += 1
        apart[path] = name if seen[name] == 1 else name.with_name(f"{name.name}-{seen[name]}")
    return apart
