"""A depth network in PyTorch."""

from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float32

from nas.lowering.torch_module import BuiltNetwork
from nas.pictures.model import DepthModel


def torch_model(folded: BuiltNetwork, path: Path) -> DepthModel:
    """A folded network as pictures use it; `path` is where its weights lie."""

    def answer(picture: Float32[np.ndarray, "1 3 h w"]) -> Float32[np.ndarray, "..."]:
        with torch.inference_mode():
            given: Float32[np.ndarray, ...] = folded(torch.from_numpy(picture)).numpy()
        return given

    network = folded.network
    return DepthModel(
        name=f"{path} in PyTorch",
        size=(network.input.height, network.input.width),
        is_fixed=False,
        side_multiple=network.side_multiple,
        answer=answer,
    )
