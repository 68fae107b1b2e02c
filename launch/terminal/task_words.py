"""The task card that a run's record holds."""

from collections.abc import Collection, Mapping
from typing import Any

from nas.depth import CARD as DEPTH
from nas.record import TaskCard, read_card


def recorded(task: Mapping[str, Any] | None, metrics: Collection[str]) -> TaskCard:
    """The card of a run.

    Args:
      task: what the run wrote down; None for one of a version that wrote nothing, when depth was the only task with
        words of its own.
      metrics: names that its trials carry.

    Raises:
      CardError: the record cannot be read.
    """
    if task is not None:
        return read_card(task)
    return DEPTH if {metric.name for metric in DEPTH.metrics} <= set(metrics) else TaskCard()
