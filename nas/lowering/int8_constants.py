"""The numbers of a network in int8, whatever runtime it is for: how tensors are quantised, and layers in integers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int8


class Scale(NamedTuple):
    """How an activation is quantised: value = step x (int8 - zero)."""

    step: float
    zero: int


class IntegerLayer(NamedTuple):
    """A convolution or matrix product: weight = step of the output channel x int8, shaped as in torch."""

    weight: Int8[np.ndarray, "width ..."]
    steps: Float[np.ndarray, " width"]
    bias: Float[np.ndarray, " width"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Int8Constants:
    """A network's numbers, by its nodes' names.

    Attributes:
      scales: of a node's output, and of the picture under `nas.space.INPUT`; what is not there keeps its input's.
      layers: every convolution and matrix product.
    """

    scales: Mapping[str, Scale]
    layers: Mapping[str, IntegerLayer]
