"""A depth network, whatever runs it: what pictures need to know of one."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32

Answer = Callable[[Float32[np.ndarray, "1 3 h w"]], Float32[np.ndarray, "..."]]


class ModelError(ValueError):
    """A file that holds no depth network that can be run."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DepthModel:
    """A network that gives log-disparity, greater is nearer, of RGB in [0, 1].

    Attributes:
      name: for a person, such as "trained/winner.pt in PyTorch".
      size: height and width that it was trained or searched at, or the only ones that it takes.
      is_fixed: whether it takes no other size.
      side_multiple: what height and width must divide by.
      answer: log-disparity of one picture, up to a scale and a shift, as many numbers as the picture has pixels.
    """

    name: str
    size: tuple[int, int]
    is_fixed: bool
    side_multiple: int
    answer: Answer
