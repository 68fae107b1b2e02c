"""A depth network in an ExecuTorch program, as `nas export --format executorch` writes it, in ExecuTorch."""

from pathlib import Path

import numpy as np
import torch
from executorch.extension.pybindings import portable_lib
from jaxtyping import Float32

from nas.deploy.formats.executorch import METHOD
from nas.errors import reading
from nas.pictures.model import DepthModel, ModelError


def executorch_model(path: Path) -> DepthModel:
    """The network of a program, which takes pictures of one size.

    Raises:
      ModelError: ExecuTorch cannot read it, or it takes something else.
    """
    with reading(path, ModelError, rule="a .pte file is a program of ExecuTorch", cure="export the network again"):
        content = path.read_bytes()  # the program reads it where it lies: `answer` keeps it
        program = portable_lib._load_for_executorch_from_buffer(content)
        shape = tuple(program.method_meta(METHOD).input_tensor_meta(0).sizes())
    if len(shape) != 4 or shape[:2] != (1, 3):
        raise ModelError(f"a depth network takes a picture [1, 3, height, width], {path} takes {shape}; name one")

    def answer(picture: Float32[np.ndarray, "1 3 h w"]) -> Float32[np.ndarray, "..."]:
        assert content, "an empty file is no program"
        given: Float32[np.ndarray, ...] = program.run_method(METHOD, [torch.from_numpy(picture)])[0].numpy()
        return given

    return DepthModel(
        name=f"{path} in ExecuTorch",
        size=(shape[2], shape[3]),
        is_fixed=True,
        side_multiple=1,
        answer=answer,
    )
