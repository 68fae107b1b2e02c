"""What Optuna's own tools see of a run beside its metrics: several objectives, and limits."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import optuna
import pytest
from optuna.storages import BaseStorage
from optuna.study import StudyDirection

from nas.record.history import History
from nas.record.shown import Shown
from nas.record.trial import Trial
from tests.nas.record.histories import CHOICES, TRIAL, ending, optunas

ALONG = Shown(
    costs=lambda architecture: {"macs": float(sum(architecture))},
    excess=lambda architecture: [(sum(architecture) - 2.0) / 2.0],
)


def along_a_front(storage: BaseStorage, shown: Shown = ALONG) -> History:
    return History(storage, "study", choices=CHOICES, objective="error", beside=("macs",), shown=shown)


def test_several_objectives_are_values_of_the_study_under_their_names(
    storage: BaseStorage, location: str | Path
) -> None:
    history = along_a_front(storage)
    for ticket, (row, error) in enumerate([((2, 0), 0.2), ((1, 0), 0.4), ((1, 1), 0.9)]):
        one = replace(TRIAL, ticket=ticket, architecture=row)
        history.start(one)
        history.finish(one, ending(one, {"error": error}))
    study = optuna.load_study(study_name="study", storage=optunas(location))
    assert study.directions == [StudyDirection.MINIMIZE] * 2 and study.metric_names == ["error", "macs"]
    assert [trial.values for trial in study.trials] == [[0.2, 2.0], [0.4, 1.0], [0.9, 2.0]]
    assert {trial.number for trial in study.best_trials} == {0, 1}


def test_a_metric_that_a_front_lacks_fails_the_trial(storage: BaseStorage) -> None:
    history = History(storage, "study", choices=CHOICES, objective="error", beside=("rmse", "macs"), shown=ALONG)
    history.start(TRIAL)
    ended = history.finish(TRIAL, ending(TRIAL, {"error": 0.2}))
    assert ended.state == "failed" and ended.failure == "the evaluator gave no 'rmse'; it gave: error"


def test_optunas_tools_know_which_trials_keep_their_limits(storage: BaseStorage, location: str | Path) -> None:
    def beyond(trial: Trial, others: Sequence[Trial]) -> list[float]:
        return [trial.metrics["error"] - 0.5]

    shown = replace(ALONG, trained_excess=beyond)
    history = History(storage, "study", choices=CHOICES, objective="error", shown=shown)
    for ticket, (row, error) in enumerate([((2, 1), 0.1), ((1, 0), 0.7), ((2, 0), 0.3)]):
        one = replace(TRIAL, ticket=ticket, architecture=row)
        history.start(one)
        kept = storage.get_all_trials(storage.get_study_id_from_name("study"))[-1].system_attrs
        assert kept["constraints"] == [(sum(row) - 2.0) / 2.0], "known before it is trained"
        history.finish(one, ending(one, {"error": error}))
    study = optuna.load_study(study_name="study", storage=optunas(location))
    found = [list(trial.constraints.values()) for trial in study.trials]
    assert found == [[0.5, pytest.approx(-0.4)], [-0.5, pytest.approx(0.2)], [0.0, pytest.approx(-0.2)]]
    assert study.best_trial.number == 2, "the others are better or cheaper, and beyond a limit"
