"""A depth network in an ONNX file, `nas export`'s or anybody's that is called alike, in ONNX Runtime."""

from pathlib import Path

import numpy as np
import onnxruntime
from jaxtyping import Float32

from nas.deploy.formats.onnx import SEARCHED_AT, SIDE_MULTIPLE
from nas.errors import reading
from nas.pictures.model import DepthModel, ModelError

USUAL_MULTIPLE, USUAL_SIZE = 32, (288, 384)  # of a file of free sides that does not say its own


def onnx_model(path: Path) -> DepthModel:
    """The network of a file that takes pictures [1, 3, height, width], of one size or of free sides.

    Raises:
      ModelError: ONNX Runtime cannot read it, or it takes something else.
    """
    with reading(path, ModelError, rule="an ONNX file is what ONNX Runtime runs", cure="export the network again"):
        session = onnxruntime.InferenceSession(path.read_bytes(), _options(), providers=["CPUExecutionProvider"])
    port, said = session.get_inputs()[0], session.get_modelmeta().custom_metadata_map
    sides = _sides(path, port.shape, port.type, len(session.get_inputs()))

    def answer(picture: Float32[np.ndarray, "1 3 h w"]) -> Float32[np.ndarray, "..."]:
        return np.asarray(session.run(None, {port.name: picture})[0], np.float32)

    return DepthModel(
        name=f"{path} in ONNX Runtime",
        size=sides or _searched_at(said) or USUAL_SIZE,
        is_fixed=sides is not None,
        side_multiple=1 if sides else int(said.get(SIDE_MULTIPLE, USUAL_MULTIPLE)),
        answer=answer,
    )


def _options() -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    return options


def _sides(path: Path, shape: list[int | str], kind: str, num_inputs: int) -> tuple[int, int] | None:
    """Height and width of a file for one size."""
    if num_inputs != 1 or kind != "tensor(float)" or len(shape) != 4 or shape[1] != 3:
        raise ModelError(
            f"a depth network takes one picture, float32 [1, 3, height, width], {path} takes {num_inputs} inputs, the "
            f"first {kind} {shape}; export it so"
        )
    height, width = shape[2:]
    return (height, width) if isinstance(height, int) and isinstance(width, int) else None


def _searched_at(said: dict[str, str]) -> tuple[int, int] | None:
    if SEARCHED_AT not in said:
        return None
    height, width = map(int, said[SEARCHED_AT].split("x"))
    return height, width
