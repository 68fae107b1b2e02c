"""Weights and scales for graphs that are made to be timed: random weights, and int8 without calibration.

Ranges of activations are constants, which is good for timing and nothing else:

    a tensor after ReLU or ReLU6     0 .. RECTIFIED_MAX
    any other tensor                -SIGNED_MAX .. SIGNED_MAX
"""

import numpy as np
from jaxtyping import Float, Int8

from nas.lowering.int8_constants import Scale
from nas.space import Conv, Linear, Operator

RECTIFIED_MAX, SIGNED_MAX = 6.0, 8.0
NUM_STEPS = 255  # of eight bits
SEED = 0
RECTIFIED = Scale(RECTIFIED_MAX / NUM_STEPS, -128)
SIGNED = Scale(2 * SIGNED_MAX / NUM_STEPS, 0)

Parameters = tuple[Float[np.ndarray, "width ..."], Float[np.ndarray, " width"]]


def drawn(op: Operator, rng: np.random.Generator) -> Parameters | None:
    """Weight and bias, shaped as in torch, that pass on a tensor's variance; None where an operator has neither."""
    match op:
        case Conv():
            shape: tuple[int, ...] = (op.width, op.input.channels // op.groups, op.kernel, op.kernel)
        case Linear():
            shape = (op.width, op.input.num_elements)
        case _:
            return None
    weight = rng.standard_normal(shape, np.float32) / np.float32(np.sqrt(op.num_weights // op.width))
    return weight, 0.1 * rng.standard_normal(op.width, np.float32)


def rounded(
    weight: Float[np.ndarray, "width ..."],
) -> tuple[Int8[np.ndarray, "width ..."], Float[np.ndarray, " width"]]:
    """The weight in int8, and the step of each output channel: weight = step x int8."""
    largest = np.abs(weight).reshape(len(weight), -1).max(axis=1)
    steps = (np.maximum(largest, 1e-12) / 127).astype(np.float32)
    return np.rint(weight / steps.reshape(-1, *[1] * (weight.ndim - 1))).astype(np.int8), steps
