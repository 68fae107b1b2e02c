"""A depth network of the user's own, in an ONNX file, as a teacher: whatever it wants and gives (`nas.deploy.foreign`).

A model of a fixed size is given pictures of that size, and its answer is brought back to theirs.
"""

from pathlib import Path

import numpy as np
import onnxruntime
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from nas.deploy.course import Gives, Wants
from nas.deploy.foreign import as_wanted, log_disparity
from nas.errors import reading

PROBE_SIDE = 64  # of a picture for a model of any size, which divides by most networks' strides


class TeacherError(ValueError):
    """A file that holds no depth network which can teach here."""


class OnnxTeacher(nn.Module):
    """Input Float[b, 3, h, w], RGB in [0, 1]; output log-disparity, Float[b, 1, h, w], on the input's device.

    Raises:
      TeacherError: the file cannot be loaded, or its network takes no pictures or gives no map.
    """

    def __init__(
        self, path: Path, *, wants: Wants = "unit", gives: Gives = "log-disparity", content: bytes | None = None
    ) -> None:
        """Args: `content` is the file's, for a process that does not see it."""
        super().__init__()
        self._path, self._wants, self._gives = path, wants, gives
        self._session = _session(_content(path) if content is None else content, path)
        self._input = self._session.get_inputs()[0].name
        batch, _, *sides = self._session.get_inputs()[0].shape
        self._one_by_one = isinstance(batch, int)
        self._sides = tuple(sides) if all(isinstance(side, int) for side in sides) else None
        probe = torch.zeros(1, 3, *(self._sides or (PROBE_SIDE, PROBE_SIDE)))
        self(probe)

    def forward(self, image: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b 1 h w"]:
        height, width = image.shape[-2:]
        given = image if self._sides is None else F.interpolate(image, self._sides, mode="bilinear", antialias=True)
        given = as_wanted(given, self._wants)
        answer = log_disparity(self._run(given.float().cpu().numpy()), self._gives).to(image.device)
        return (
            F.interpolate(answer, (height, width), mode="bilinear") if answer.shape[-2:] != (height, width) else answer
        )

    def __reduce__(self) -> tuple[object, ...]:
        # A session cannot travel; the file can.
        return _arrived, (self._path, self._wants, self._gives, self._path.read_bytes())

    def _run(self, pictures: np.ndarray) -> Float[Tensor, "b 1 i j"]:
        parts = np.split(pictures, len(pictures)) if self._one_by_one else [pictures]
        try:
            answers = [self._session.run(None, {self._input: np.ascontiguousarray(part)})[0] for part in parts]
        except Exception as error:  # ONNX Runtime's own kinds share no base of theirs
            raise TeacherError(
                f"a teacher must take pictures, and {self._path} refuses {list(parts[0].shape)}: {error}; export it so"
            ) from error
        answer = torch.from_numpy(np.concatenate(answers))
        maps = answer.unsqueeze(1) if answer.ndim == 3 else answer
        if maps.ndim != 4 or maps.shape[:2] != (len(pictures), 1) or not maps.is_floating_point():
            raise TeacherError(
                f"a teacher must give one map for each picture, {self._path} gives {list(answer.shape)}; name a file "
                "whose first output is the depth, [b, h, w] or [b, 1, h, w]"
            )
        return maps.float()


def _arrived(path: Path, wants: Wants, gives: Gives, content: bytes) -> OnnxTeacher:
    return OnnxTeacher(path, wants=wants, gives=gives, content=content)


def _content(path: Path) -> bytes:
    with reading(path, TeacherError, rule="a teacher must be an ONNX file", cure="name one that can be read"):
        return path.read_bytes()


def _session(content: bytes, path: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # of a damaged file: ONNX Runtime's own kinds share no base of theirs
        raise TeacherError(f"a teacher must be an ONNX file, and {path} cannot be loaded: {error}") from error
    inputs = session.get_inputs()
    if len(inputs) != 1 or len(inputs[0].shape) != 4 or inputs[0].shape[1] != 3 or inputs[0].type != "tensor(float)":
        found = ", ".join(f"{one.name} {one.type} {one.shape}" for one in inputs)
        raise TeacherError(f"a teacher must take one picture, float [b, 3, h, w], {path} takes {found}; export it so")
    return session
