"""What strategies share: drawing an architecture that has not been tried."""

from collections.abc import Sequence

import numpy as np

from nas.space import Architecture
from nas.strategy import Sampler
from nas.trial import Exhausted, Trial

MAX_REDRAWS = 1000


def fresh(sample: Sampler, known: Sequence[Trial], rng: np.random.Generator) -> Architecture:
    """Draw until an architecture comes that none of the `known` trials has.

    Raises:
      Exhausted: `MAX_REDRAWS` draws brought nothing new.
    """
    first = tuple(sample(1, rng)[0].tolist())
    if all(
        trial.architecture != first for trial in known
    ):  # in a large space this is all, and needs no set of thousands
        return first
    seen = {trial.architecture for trial in known}
    for _ in range(MAX_REDRAWS):
        architecture = tuple(sample(1, rng)[0].tolist())
        if architecture not in seen:
            return architecture
    raise Exhausted(
        f"{MAX_REDRAWS} draws brought no new architecture: the {len(seen)} tried so far are about all that meet "
        "the limits; ask for fewer trials or relax a limit"
    )
