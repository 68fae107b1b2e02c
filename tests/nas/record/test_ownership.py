"""Trials that others have put into a study, and ours that cannot be read: passed over, counted, trained again."""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import optuna
import pytest
from optuna.storages import BaseStorage, RDBStorage
from optuna.trial import TrialState

from nas.record.history import History
from nas.record.ownership import PassedOver
from nas.record.storage import open_storage
from tests.nas.record.histories import TRIAL, ending, opened, optunas


def reopened(location: str | Path) -> tuple[History, BaseStorage]:
    storage = open_storage(location)
    return opened(storage, create=False), storage


def foreign_tools(location: str | Path) -> None:
    """What other Optuna tools leave in a study of ours."""
    study = optuna.load_study(study_name="study", storage=optunas(location))
    study.enqueue_trial({"width": 8, "mode": "nearest"})
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=2)
    study.ask()
    study.enqueue_trial({"width": 16}, user_attrs={"architecture": "mine", "note": 3})


def test_trials_of_other_tools_are_passed_over_and_counted(location: str | Path, storage: BaseStorage) -> None:
    history = opened(storage)
    history.start(TRIAL)
    done = history.finish(TRIAL, ending(TRIAL, {"error": 0.5}))
    foreign_tools(location)
    again, other = reopened(location)
    assert again.trials() == [done]
    assert again.passed_over() == PassedOver(foreign=4)
    assert "4 that another Optuna tool has put there" in str(again.passed_over())
    second = replace(TRIAL, ticket=1)
    again.start(second)
    assert again.finish(second, ending(second, {"error": 0.25})).state == "complete"
    if isinstance(other, RDBStorage):
        other.engine.dispose()


def test_a_copy_of_a_trial_counts_once(storage: BaseStorage) -> None:
    history = opened(storage)
    history.start(TRIAL)
    done = history.finish(TRIAL, ending(TRIAL, {"error": 0.5}))
    (frozen,) = storage.get_all_trials(storage.get_study_id_from_name("study"))
    attrs = {name: value for name, value in frozen.user_attrs.items() if name != "outcome"}
    storage.create_new_trial(
        storage.get_study_id_from_name("study"),
        template_trial=optuna.trial.create_trial(state=TrialState.WAITING, user_attrs=attrs),
    )
    again = opened(storage, create=False)
    assert again.trials() == [done] and again.passed_over() == PassedOver(foreign=1)


SOUND = {"phase": "search", "ticket": 0, "architecture": [2, 0], "fidelity": 7, "origin": "design"}
OUTCOME = {"metrics": {"error": 0.5}, "failure": None, "duration_s": 1.5, "ended": "2026-01-01T00:00:00+00:00"}


def with_attributes(storage: BaseStorage, attrs: Mapping[str, object], state: TrialState) -> History:
    opened(storage)
    value = 0.5 if state == TrialState.COMPLETE else None
    trial = optuna.trial.create_trial(state=state, value=value, user_attrs=dict(attrs))
    storage.create_new_trial(storage.get_study_id_from_name("study"), template_trial=trial)
    return opened(storage, create=False)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"phase": "rehearsal"}, "phase = 'rehearsal'"),
        ({"ticket": "0"}, "ticket = '0'"),
        ({"ticket": -1}, "ticket = -1"),
        ({"ticket": True}, "ticket = True"),
        ({"architecture": None}, "architecture = None"),
        ({"architecture": [2]}, r"architecture = \[2\]"),
        ({"architecture": [3, 0]}, r"architecture = \[3, 0\]"),
        ({"architecture": [0.5, 0]}, r"architecture = \[0.5, 0\]"),
        ({"fidelity": None}, "fidelity = None"),
        ({"origin": 7}, "origin = 7"),
    ],
)
def test_a_trial_that_only_claims_to_be_ours_is_passed_over_and_named(
    change: Mapping[str, object], fault: str, storage: BaseStorage
) -> None:
    history = with_attributes(storage, {**SOUND, **change}, TrialState.RUNNING)
    assert history.trials() == []
    (damaged,) = history.passed_over().damaged
    assert re.fullmatch(f"trial 0: {fault}", damaged)


@pytest.mark.parametrize(
    "outcome",
    [
        None, 3, {}, {**OUTCOME, "metrics": None}, {**OUTCOME, "metrics": {"error": "low"}}, {**OUTCOME, "failure": 1},
        {**OUTCOME, "metrics": {"loss": 0.5}}, {**OUTCOME, "duration_s": None}, {**OUTCOME, "ended": 5},
    ],
)  # fmt: skip
@pytest.mark.parametrize("state", [TrialState.RUNNING, TrialState.COMPLETE])
def test_a_trial_whose_outcome_cannot_be_read_is_trained_again(
    state: TrialState, outcome: object, storage: BaseStorage
) -> None:
    history = with_attributes(storage, {**SOUND, "outcome": outcome}, state)
    assert history.trials() == [TRIAL]
    assert "it is trained again" in history.passed_over().damaged[0]
    history.start(TRIAL)
    done = history.finish(TRIAL, ending(TRIAL, {"error": 0.25}))
    assert opened(storage, create=False).trials() == [done]


def test_a_trial_that_another_tool_has_closed_is_trained_again(storage: BaseStorage) -> None:
    opened(storage).start(TRIAL)
    storage.set_trial_state_values(storage.get_all_trials(storage.get_study_id_from_name("study"))[0]._trial_id,
                                   TrialState.FAIL)  # fmt: skip
    history = opened(storage, create=False)
    assert history.trials() == [TRIAL]
    history.start(TRIAL)
    done = history.finish(TRIAL, ending(TRIAL, {"error": 0.25}))
    assert opened(storage, create=False).trials() == [done]
