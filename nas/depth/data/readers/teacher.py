"""Photographs without depth, to which a teacher gives it: a network of the user's in an ONNX file.

    photos/kitchen/1.jpg            a sub-folder is a group, and every picture that is in none
    photos/teacher.onnx             found there, or named: --data midas.onnx:photos

The network takes float32 [1, 3, h, w], RGB in [0, 1], at the size that it states, or else at about `SIDE` pixels; what
else a network wants of its input belongs into its file. One exported by us says itself that it gives log-disparity; of
others their owner says what they give, depth or disparity.
"""

from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Float32, Shaped

from nas.depth.data.depth_encoding import Meaning
from nas.depth.data.files import RGB_SUFFIXES, read_picture, walk
from nas.depth.data.images import DataError
from nas.depth.data.readers._extras import extra
from nas.depth.data.readers.reader import Example, Files, Frame, Source, relative
from nas.depth.data.resample import centre_crop, shrink_rgb
from nas.errors import reading

SUFFIX = ".onnx"
SIDE, MULTIPLE = 384, 32
"""Of the shorter side, and of both, where a network takes any size."""
OURS = "chamnas"


@dataclass(frozen=True, slots=True, kw_only=True)
class TeacherReader:
    """See `nas.depth.data.readers.reader.Reader`; `model` is None where it lies beside the photographs."""

    model: Path | None = None

    def recognises(self, path: Path) -> bool:
        return path.is_dir() and len(_models(path)) == 1 and not (path / "depth").is_dir() and bool(_photos(path))

    def open(self, path: Path, meaning: Meaning) -> Source:
        teacher = _Teacher(self.model or _only_model(path))
        kind = "log-disparity" if teacher.is_ours else meaning.kind
        if kind is None:
            raise DataError(
                f"a teacher's file does not say what its numbers are, {teacher.path.name} was not exported by us; give "
                "--depth-is depth or --depth-is disparity"
            )
        photos = _photos(path)
        if not photos:
            raise DataError(f"a teacher needs photographs, {path} has no PNG and no JPEG; add some")
        return Source(
            examples=tuple(_example(path, photo, teacher, meaning) for photo in photos),
            scale=f"{kind} of {teacher.path.name}, a teacher's, in no unit",
            invalid="what is not above 0 is no depth",
            split="split by sub-folder or picture",
            kind="disparity" if teacher.is_ours else None,
            median_m=None,
        )


class _Teacher:
    """A network of another's, run by ONNX Runtime."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.digest = b""
        self._session: Any = None

    @property
    def is_ours(self) -> bool:
        return bool(self._opened().get_modelmeta().producer_name == OURS)

    def __call__(self, rgb: Shaped[np.ndarray, "h w 3"]) -> Float32[np.ndarray, "p q"]:
        """What it gives for a picture, at the size at which it took it."""
        session = self._opened()
        given = session.get_inputs()[0]
        wanted = np.float16 if "float16" in given.type else np.float32
        x = (shrink_rgb(rgb, self.size(rgb.shape[0], rgb.shape[1])) / 255).astype(wanted).transpose(2, 0, 1)[None]
        with reading(self.path, DataError, rule="a teacher takes RGB [1, 3, h, w]", cure="export it so"):
            answer = np.asarray(session.run(None, {given.name: x})[0], dtype=np.float32)
        if answer.ndim < 2 or answer.size != answer.shape[-2] * answer.shape[-1]:
            raise DataError(f"a teacher gives one number a pixel, {self.path} gives {answer.shape}; export it so")
        return answer.reshape(answer.shape[-2:])

    def size(self, height: int, width: int) -> tuple[int, int]:
        """At which it takes a picture: its own, else about `SIDE` pixels by the picture's aspect."""
        sides = self._opened().get_inputs()[0].shape[-2:]
        if all(isinstance(side, int) for side in sides):
            return int(sides[0]), int(sides[1])
        scale = SIDE / min(height, width)
        tall, wide = (max(1, round(side * scale / MULTIPLE)) * MULTIPLE for side in (height, width))
        return tall, wide

    def _opened(self) -> Any:
        if self._session is None:
            runtime = extra("onnxruntime", "onnx", "a teacher's ONNX file")
            with reading(self.path, DataError, rule="a teacher must be an ONNX file", cure="export it again"):
                options = runtime.SessionOptions()
                options.log_severity_level = 3
                content = self.path.read_bytes()
                self.digest = sha256(content).digest()
                self._session = runtime.InferenceSession(content, options)
        return self._session


def _models(path: Path) -> list[Path]:
    return sorted(path.glob(f"*{SUFFIX}"))


def _only_model(path: Path) -> Path:
    models = _models(path)
    if len(models) != 1:
        raise DataError(
            f"photographs need one teacher, {path} has {len(models)} {SUFFIX} files; name one: --data FILE.onnx:{path}"
        )
    return models[0]


def _photos(path: Path) -> list[Path]:
    return [file for file in walk(path).files if file.suffix.lower() in RGB_SUFFIXES]


def _example(root: Path, photo: Path, teacher: _Teacher, meaning: Meaning) -> Example:
    name = relative(photo, root)

    def read(files: Files) -> Frame:
        picture = read_picture(photo, files.content(photo))
        files.add(teacher.path.name, teacher.digest)
        tall, wide = teacher.size(*picture.shape)
        seen = replace(picture, rgb=picture.rgb[centre_crop(picture.shape, wide / tall)])
        numbers = teacher(seen.rgb)
        return Frame(picture=seen, depth_name=name, numbers=numbers, depth=_depth(numbers, teacher, meaning))

    return Example(name=name, group=name.split("/")[0] if "/" in name else name, read=read)


def _depth(numbers: Float32[np.ndarray, "h w"], teacher: _Teacher, meaning: Meaning) -> Float[np.ndarray, "h w"]:
    return np.exp(-numbers) if teacher.is_ours else meaning.depth(numbers, meaning.is_valid(numbers))


READER = TeacherReader()
