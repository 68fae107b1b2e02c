"""The learning curve of a training: a row now and then, as CSV that a spreadsheet opens."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What is known after so many steps.

    Attributes:
      loss: mean over the steps since the row before; None before the first step.
      learning_rate: of the last step; None before the first.
      metrics: of the averaged weights on validation data.
    """

    step: int
    loss: float | None
    learning_rate: float | None
    metrics: Mapping[str, float]


def csv_text(rows: Sequence[Row]) -> str:
    """The rows under a header; what a row does not have is left empty."""
    names = list(dict.fromkeys(name for row in rows for name in row.metrics))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["step", "loss", "learning_rate", *(f"validation_{name}" for name in names)])
    for row in rows:
        values = [row.loss, row.learning_rate, *(row.metrics.get(name) for name in names)]
        writer.writerow([row.step, *("" if value is None else f"{value:.6g}" for value in values)])
    return text.getvalue()
