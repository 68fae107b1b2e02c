"""Reads a data set whole, whatever its format: split, cropped, shrunk, checked, and said in sentences.

Both colour and depth are cropped to the wanted shape around their centre and shrunk by area. The order of reading is
train, validation, test, each by name, so that the digest of the same files is the same.
"""

from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import get_args

import numpy as np
from jaxtyping import Bool, Float32, Shaped

from nas.depth.data.depth_encoding import Meaning, text_of
from nas.depth.data.files import TEST_SHARE, VALIDATION_SHARE, same_aspect, split_rest
from nas.depth.data.images import DataError, DepthData, DepthImages
from nas.depth.data.readers.reader import Example, Files, Frame, Part, Reader, Source
from nas.depth.data.reading import survey, suspicion
from nas.depth.data.reading.survey import Sight
from nas.depth.data.resample import centre_crop, scaled_window, shrink_depth, shrink_rgb
from nas.depth.data.storage import Room, filled, is_in_files

PARTS: tuple[Part, ...] = get_args(Part)
AS_WRITTEN = Meaning()


def read_set(
    path: Path,
    reader: Reader,
    key: str,
    *,
    size: tuple[int, int],
    meaning: Meaning = AS_WRITTEN,
    validation_share: float = VALIDATION_SHARE,
    test_share: float = TEST_SHARE,
    progress: Callable[[int, int], None] | None = None,
    room: Room | None = None,
) -> DepthData:
    """The data set at `path`; its notes tell what was read and what was not.

    Args:
      key: of the reader, for messages.
      size: height and width in pixels of every image of the result.
      meaning: what its owner says of the numbers in the depth files.
      validation_share: of the groups that no part is published for, rounded, at least one.
      test_share: likewise.
      progress: called with (pictures read, pictures in all) after each.
      room: where training pictures may lie that do not fit into memory; None for in memory whatever they take.

    Raises:
      DataError: it is no such data set, has too few groups, a file cannot be read, depth has the wrong type or shape or
        no valid pixel, or it is most likely something else.
    """
    source = reader.open(path, meaning)
    _check_kind(source, meaning, key)
    part_of = parts_of(source.examples, validation_share, test_share)
    pixels = _Pixels(path=path, source=source, size=size, meaning=meaning, progress=progress)
    examples = {part: [one for one in source.examples if part_of[one.group] == part] for part in PARTS}
    name = f"{path.name}-{size[0]}x{size[1]}-{sha256(repr((str(path), key)).encode()).hexdigest()[:8]}"
    parts = {part: pixels.read(examples[part], room if part == "train" else None, name) for part in PARTS}
    suspicion.check(pixels.sights, meaning, source, path.name, key)
    return DepthData(
        **parts,
        name=path.name,
        provenance=_provenance(path, key, size),
        notes=(
            *survey.sentences(
                pixels.sights, meaning, source, key, len(part_of), [len(images) for images in parts.values()]
            ),
            *_whereabouts(parts["train"], room),
        ),
        digest=pixels.digest,
    )


def parts_of(examples: Sequence[Example], validation_share: float, test_share: float) -> dict[str, str]:
    """The part of each group: where its makers have put it, else dealt by name.

    Raises:
      DataError: there are too few groups, or its makers have put one into two parts.
    """
    published: dict[str, str] = {}
    for example in examples:
        if example.part and published.setdefault(example.group, example.part) != example.part:
            raise DataError(
                f"a group must be in one part, {example.group!r} is in {published[example.group]} and {example.part} "
                f"({example.name}); move it to one of them"
            )
    return split_rest([example.group for example in examples], published, validation_share, test_share)


class _Pixels:
    """Reads examples, and keeps what there is to tell of them and of their files' contents."""

    def __init__(
        self,
        *,
        path: Path,
        source: Source,
        size: tuple[int, int],
        meaning: Meaning,
        progress: Callable[[int, int], None] | None,
    ) -> None:
        self._source, self._size, self._meaning = source, size, meaning
        self._progress = progress
        self._files = Files(path)
        self.sights: list[Sight] = []

    @property
    def digest(self) -> str:
        return self._files.digest

    def read(self, examples: Sequence[Example], room: Room | None, name: str) -> DepthImages:
        def fill(rgb: np.ndarray, depth: np.ndarray) -> tuple[str, ...]:
            for i, example in enumerate(examples):
                frame = example.read(self._files)
                shape = frame.picture.shape
                rgb[i] = shrink_rgb(frame.picture.rgb[centre_crop(shape, self._size[1] / self._size[0])], self._size)
                depth[i] = self._depth(example, frame)
                if self._progress is not None:
                    self._progress(len(self.sights), len(self._source.examples))
            return tuple(example.group for example in examples)

        return filled(len(examples), self._size, fill, room, name)

    def _depth(self, example: Example, frame: Frame) -> Float32[np.ndarray, "h w"]:
        check_shape(frame)
        marked = self._meaning.is_marked(frame.numbers)
        # A number beyond 32 bits is infinite depth, and yet a number to be asked about.
        valid: Bool[np.ndarray, "h w"] = np.isfinite(frame.numbers) & (frame.depth > 0) & ~marked
        if not valid.any():
            marks = "".join(f", or {text_of(value)}" for value in self._meaning.invalid)
            raise DataError(
                f"depth needs a pixel above 0, every pixel of {frame.depth_name} is invalid{marks}; "
                "remove it and its picture"
            )
        small = shrunk(np.where(valid, frame.depth, np.nan), frame, self._size, sparse=self._source.sparse)
        if not np.isfinite(small).any():
            raise DataError(f"depth needs valid pixels near the centre, {frame.depth_name} has too few; remove it")
        self.sights.append(survey.look(example.name, frame, valid, marked, small))
        return small


def shrunk(
    depth: Shaped[np.ndarray, "h w"], frame: Frame, size: tuple[int, int], *, sparse: bool
) -> Float32[np.ndarray, "p q"]:
    """The depth of the picture's largest centred window of the wanted aspect, at the wanted size."""
    depth, shape = depth.astype(np.float32), frame.picture.shape
    window = centre_crop(shape, size[1] / size[0])
    if depth.shape == shape:
        return shrink_depth(depth[window], size, sparse=sparse)
    spans = scaled_window(window, shape, (depth.shape[0], depth.shape[1]))
    return shrink_depth(depth, size, spans, sparse=sparse)


def check_shape(frame: Frame) -> None:
    """Refuse depth of another size than its picture's that is not the picture scaled."""
    shape = (frame.numbers.shape[0], frame.numbers.shape[1])
    if not same_aspect(shape, frame.picture.shape):
        raise DataError(
            f"depth must have its picture's shape {frame.picture.shape}, or its aspect, {frame.depth_name} has "
            f"{shape}; export it from the whole picture"
        )


def _whereabouts(train: DepthImages, room: Room | None) -> tuple[str, ...]:
    """A sentence on training pictures that lie in files."""
    if room is None or not is_in_files(train):
        return ()
    return (
        f"the {len(train):,} training pictures take more than {room.memory_bytes / 2**30:.3g} GiB: they lie in "
        f"{room.folder} and are read as they are drawn",
    )


def _check_kind(source: Source, meaning: Meaning, key: str) -> None:
    if source.kind is not None and meaning.kind not in (None, source.kind):
        raise DataError(
            f"files of {key} hold {source.kind}, got --depth-is {meaning.kind}; leave it out, or name another reader"
        )


def _provenance(path: Path, key: str, size: tuple[int, int]) -> str:
    if key == "folder":
        return f"pairs of rgb/ and depth/ in {path.name}/, {size=}"
    return f"{key} in {path.name}, {size=}"
