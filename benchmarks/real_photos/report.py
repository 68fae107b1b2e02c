"""What the photographs say together: a table for a person, and the same for a file."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.real_photos.judging import NUM_DRAWS, Judged

FIGURES = ("abs_rel", "delta1")
BETTER = {"abs_rel": -1, "delta1": 1}


def report(judged: Sequence[Judged], rng: np.random.Generator) -> tuple[list[list[str]], dict[str, Any]]:
    """The table's rows, and the same for a file."""
    rows, record = list[list[str]](), dict[str, Any]()
    for photo in judged:
        for figure in FIGURES:
            values = [photo.figure(key, figure) for key in ("network", "constant", "mean map")]
            low, high = photo.difference(figure, "mean map", rng)
            rows.append([photo.name, figure, *(f"{value:.4f}" for value in values), f"{low:+.4f} to {high:+.4f}"])
            record[f"{photo.name} {figure}"] = {"values": values, "interval": [low, high]}
    for figure in FIGURES:
        each = np.array(
            [[photo.figure(key, figure) for key in ("network", "constant", "mean map")] for photo in judged]
        )
        gains = each[:, 0] - each[:, 2]
        drawn = rng.choice(gains, (NUM_DRAWS, len(gains))).mean(axis=1)
        low, high = np.quantile(drawn, [0.025, 0.975])
        means = each.mean(axis=0)
        rows.append(
            [f"mean of {len(judged)}", figure, *(f"{value:.4f}" for value in means), f"{low:+.4f} to {high:+.4f}"]
        )
        beats = all(BETTER[figure] * (means[0] - other) > 0 for other in means[1:])
        record[figure] = {"values": means.tolist(), "interval": [float(low), float(high)], "beats_both": beats}
        rows.append(["", "", f"{'beats' if beats else 'DOES NOT beat'} both", "", "", ""])
    return rows, record
