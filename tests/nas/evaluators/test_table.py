"""The evaluator that looks results up."""

import pickle
from dataclasses import replace

import numpy as np
import pytest

from nas.evaluators.table import TableEvaluator
from nas.record import Evaluator, Job

EVALUATOR = TableEvaluator(
    architectures=np.array([[0, 1], [2, 3]], np.int8),
    metrics=("acc", "loss"),
    values=np.array([[-1.0, 2.0], [np.nan, 1.0]]),
)


def job(*architecture: int) -> Job:
    return Job(phase="search", ticket=0, architecture=architecture, fidelity=1, seed=0)


def test_a_row_is_found_by_its_architecture_also_after_pickling() -> None:
    assert isinstance(EVALUATOR, Evaluator)
    for evaluator in (EVALUATOR, pickle.loads(pickle.dumps(EVALUATOR))):
        assert evaluator(job(0, 1)).metrics == {"acc": -1.0, "loss": 2.0}
    assert EVALUATOR.data_facts == {"rows": 2} and EVALUATOR.baselines == {}


def test_a_missing_value_is_a_failed_training_and_a_missing_row_is_named() -> None:
    with pytest.raises(ValueError, match=r"no value of acc for \(2, 3\): training failed"):
        EVALUATOR(job(2, 3))
    with pytest.raises(ValueError, match=r"no row for \(0, 0\); propose only what it holds"):
        EVALUATOR(job(0, 0))


def test_a_cheaper_training_has_its_own_values() -> None:
    evaluator = replace(EVALUATOR, rungs={1: np.array([[-0.5, 3.0], [-0.25, 1.0]])})
    assert evaluator(job(2, 3)).metrics == {"acc": -0.25, "loss": 1.0}
    assert evaluator(replace(job(0, 1), fidelity=9)).metrics == {"acc": -1.0, "loss": 2.0}
