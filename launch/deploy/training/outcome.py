"""What a training in full leaves: weights, curve and metrics."""

import io
from collections.abc import Mapping
from dataclasses import dataclass

import torch

from nas.deploy import Row
from nas.deploy.course import Trainable
from nas.deploy.training import Trained
from nas.lowering.standalone import state
from nas.lowering.torch_module import BuiltNetwork, fold
from nas.record import TEST


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Attributes:
    weights: the file of the folded network's.
    metrics: at the end, on validation data and on test data ("test_..").
    """

    weights: bytes
    rows: tuple[Row, ...]
    metrics: Mapping[str, float]
    device: str


def outcome_of(task: Trainable, trained: Trained, device: str) -> Outcome:
    """Fold the network and score it on test data."""
    assert isinstance(trained.module, BuiltNetwork)
    folded = fold(trained.module)
    on_test = {f"{TEST}{name}": value for name, value in task.test(folded).items()}
    weights = io.BytesIO()
    torch.save(state(folded.cpu()), weights)
    return Outcome(
        weights=weights.getvalue(),
        rows=trained.rows,
        metrics={**trained.rows[-1].metrics, **on_test},
        device=device,
    )
