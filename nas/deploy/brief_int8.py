"""What a network is worth in int8, by a short training that knows of the rounding: for a search's finals.

`launch.deploy.quantisation` does the same at length, with a curve, a checkpoint and files.
"""

import math

from nas.deploy.course import Terms, Trainable
from nas.deploy.quantised import Rounded, calibrate, converted, prepare
from nas.lowering.torch_module import BuiltNetwork

NUM_INPUTS = 256  # from which the ranges are learned first
LOWER = 0.1  # of the learning rate that the network was trained with


def briefly_quantised(folded: BuiltNetwork, task: Trainable, terms: Terms) -> Rounded:
    """The network in int8; `folded`, on the CPU, stays as it is.

    Raises:
      ValueError: the loss became NaN or infinite.
    """
    prepared = prepare(folded)
    calibrate(prepared, task.inputs(NUM_INPUTS))
    if terms.steps:
        course = task.course(prepared, terms)
        for step in range(terms.steps):
            if not math.isfinite(course.step(step)):
                raise ValueError(f"training in int8 must stay finite, and did not at step {step}; give fewer steps")
    prepared.cpu().eval()
    return Rounded(converted(prepared))
