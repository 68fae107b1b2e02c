"""A network of somebody else, whatever it wants and gives (`nas.deploy.foreign`), as one of ours."""

from dataclasses import replace

import numpy as np
import torch
from jaxtyping import Float32

from nas.deploy.course import Gives, Wants
from nas.deploy.foreign import as_wanted, log_disparity
from nas.pictures.model import DepthModel


def foreign(model: DepthModel, wants: Wants, gives: Gives) -> DepthModel:
    """The same network, given what it wants, its answer turned into log-disparity."""

    def answer(picture: Float32[np.ndarray, "1 3 h w"]) -> Float32[np.ndarray, "..."]:
        given = as_wanted(torch.from_numpy(picture), wants).numpy()
        told = np.asarray(model.answer(given), dtype=np.float32)
        pixels = torch.from_numpy(told.reshape(1, 1, -1, 1))
        return np.asarray(log_disparity(pixels, gives).numpy().reshape(told.shape))

    return replace(model, answer=answer)
