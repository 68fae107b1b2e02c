"""How many steps a time has room for, by a first few."""

import copy
import time
from dataclasses import replace

from torch import nn

from nas.deploy.course import Terms, Trainable

PACE_STEPS, WARM_STEPS = 8, 2
ROOM_FOR_REST = 0.95  # of the hours: the rest is for scoring and checkpoints


def paced(terms: Terms, hours: float, task: Trainable, module: nn.Module) -> tuple[Terms, float]:
    """The terms with as many steps as so many hours have room for, and the seconds of one; the module stays as it is.

    All members of the terms' team call this together, and get the same.
    """
    trial = task.course(copy.deepcopy(module), replace(terms, steps=WARM_STEPS + PACE_STEPS))
    for step in range(WARM_STEPS):
        trial.step(step)
    began = time.monotonic()
    for step in range(WARM_STEPS, WARM_STEPS + PACE_STEPS):
        trial.step(step)
    step_s = terms.team.agree((time.monotonic() - began) / PACE_STEPS)
    return replace(terms, steps=max(1, int(ROOM_FOR_REST * 3600 * hours / step_s))), step_s
