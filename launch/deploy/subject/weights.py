"""Reading weights that `nas` wrote, without unpickling."""

from pathlib import Path

import torch

from launch.deploy.subject.subject import SubjectError
from nas.errors import reading


def read_weights(path: Path) -> dict[str, torch.Tensor]:
    """Tensors by name.

    Raises:
      SubjectError: the file cannot be read, or holds something else.
    """
    with reading(path, SubjectError, rule="weights are tensors by name", cure="restore it from a copy"):
        found = torch.load(path, map_location="cpu", weights_only=True)
        if not isinstance(found, dict) or not all(isinstance(value, torch.Tensor) for value in found.values()):
            raise ValueError("it holds something else")
    return found
