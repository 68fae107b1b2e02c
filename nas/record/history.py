"""The durable record of a run, on Optuna's storages, so that optuna-dashboard and every Optuna plot work on our runs.

One study per run. A trial is written twice: when it starts (all parameters in one operation, because Optuna commits
once per parameter otherwise) and when it ends (its outcome as one attribute, then its state). The outcome is what
counts: a driver killed between the two writes has lost nothing. Only the driver writes. A database that cannot be
reached any more ends the driver; what has been written is there for the next one.

The default storage is a journal file in the run folder (`nas.record.journal`): a trial costs it 1 to 2 ms and opening
10,000 takes a second, against 40 to 130 ms and 12 to 15 s for SQLite (benchmarks/storage_speed.py). Any URL that
Optuna's RDB storage takes works too.
"""

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.exceptions import DuplicatedStudyError
from optuna.storages import BaseStorage
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from nas.record.exhibits import as_code, show_picture, write_note
from nas.record.ownership import LOST, PassedOver, fault_of, fault_of_outcome, is_ours
from nas.record.shown import CONSTRAINTS, METRIC_NAMES, NOTHING, Shown
from nas.record.storage import HistoryError, told
from nas.record.trial import Outcome, Phase, Source, Trial, plain_metrics
from nas.space import Choice

FORMAT = 1
FORMAT_NAME = "chamnas:format"
OUR_ATTRIBUTES = frozenset({"phase", "ticket", "architecture", "fidelity", "origin", "outcome", "source"})

_Key = tuple[Phase, int]
"""A trial's phase and ticket."""


class History:
    """Reads and writes the trials of one study.

    Args:
      storage: where the study lives.
      name: the study's name; created if it is new and `choices` are given.
      choices: the space's choices, written as each trial's parameters.
      objective: the metric that is Optuna's value, minimised.
      beside: what else is minimised, as Optuna's further values: metrics, and costs that `shown` knows.
      shown: what Optuna's own tools are shown beside it; without, a record is only read, or has metrics alone.

    Raises:
      HistoryError: the study does not exist and may not be created, or is of another format; or, as from every
        method, the database cannot be reached any more.
    """

    @told()
    def __init__(
        self,
        storage: BaseStorage,
        name: str,
        *,
        choices: Sequence[Choice],
        objective: str,
        beside: Sequence[str] = (),
        shown: Shown = NOTHING,
        create: bool = True,
    ) -> None:
        self._storage = storage
        self._objectives = (objective, *beside)
        self._shown = shown
        self._distributions = {choice.name: CategoricalDistribution(choice.options) for choice in choices}
        self._study_id = _open_study(storage, name, self._objectives, create=create)
        self._trials: dict[_Key, Trial] = {}
        self._ids: dict[_Key, int] = {}
        self._begun: dict[_Key, datetime] = {}
        self._attributes: dict[_Key, Mapping[str, Any]] = {}
        self._unclosed: list[Trial] = []
        self._foreign: set[int] = set()
        self._damaged: dict[int, str] = {}
        self._closed: set[int] = set()
        known: dict[str, BaseDistribution] = {}
        for frozen in self._take_new():
            known |= frozen.distributions if is_ours(frozen.user_attrs) else {}
        self._distributions = _named_apart(self._distributions, known)

    @told()
    def later(self) -> "History":
        """The record as it stands now, for whoever looks at one that grows; this one stays as it is.

        Only trials that had not ended are read again. A record that was replaced or mended must be opened anew.
        """
        now = copy(self)
        for name in ("_trials", "_ids", "_begun", "_attributes", "_foreign", "_damaged", "_closed"):
            setattr(now, name, copy(getattr(self, name)))
        now._unclosed = []
        now._take_new()
        return now

    def passed_over(self) -> PassedOver:
        """What the study holds beside this run's readable trials; as it stood at opening."""
        return PassedOver(foreign=len(self._foreign), damaged=tuple(self._damaged.values()))

    def begun(self) -> dict[tuple[Phase, int], datetime]:
        """When each trial was first handed out (UTC), by phase and ticket; as it stood at opening."""
        return dict(self._begun)

    def attributes(self) -> dict[tuple[Phase, int], Mapping[str, Any]]:
        """What users and other tools have written on trials, by phase and ticket; as it stood at opening."""
        return dict(self._attributes)

    def trials(self) -> list[Trial]:
        """All trials in the order in which they started: those found at opening, and what has been recorded since."""
        return list(self._trials.values())

    def phase(self, phase: Phase) -> list[Trial]:
        """The phase's trials by ticket."""
        return sorted((trial for trial in self.trials() if trial.phase == phase), key=lambda trial: trial.ticket)

    @told()
    def start(self, trial: Trial) -> None:
        """Record that a trial has been handed out; once more for one that was running when a driver died is fine."""
        if _key(trial) in self._ids:
            return
        template = self._frozen(trial, datetime.now())
        self._ids[_key(trial)] = self._storage.create_new_trial(self._study_id, template_trial=template)
        self._trials[_key(trial)] = trial

    @told()
    def adopt(self, trial: Trial, begun: datetime | None) -> None:
        """Record a trial that has ended in another run's record, with all that is known of it, in one operation.

        Args:
          begun: when it was handed out, in UTC; None where that is not known.
        """
        assert trial.ended is not None and trial.duration_s is not None, "only a trial that has ended is adopted"
        start = datetime.now() if begun is None else begun.astimezone().replace(tzinfo=None)
        template = self._frozen(trial, start)
        template.state = TrialState.COMPLETE if trial.state == "complete" else TrialState.FAIL
        ended = datetime.fromisoformat(trial.ended).astimezone().replace(tzinfo=None)
        template.datetime_complete = max(start, ended)  # which is kept in whole seconds
        template.user_attrs["outcome"] = _outcome(trial, trial.duration_s, trial.ended)
        if trial.state == "complete":
            template.values = self._values(trial)
            if beyond := self._trained_excess(trial):
                template.system_attrs[CONSTRAINTS] = beyond
        self._ids[_key(trial)] = self._storage.create_new_trial(self._study_id, template_trial=template)
        self._trials[_key(trial)] = trial

    @told()
    def finish(self, trial: Trial, outcome: Outcome) -> Trial:
        """Record how a trial ended, and return it as recorded; without an objective, or a number, it has failed."""
        measured = {} if outcome.evaluation is None else outcome.evaluation.metrics
        notes = () if outcome.evaluation is None else outcome.evaluation.notes
        metrics, fault = _readable(measured)
        failure = outcome.failure or fault
        if failure is None and (missing := self._missing(trial, metrics)):
            failure = f"the evaluator gave no {missing!r}; it gave: {', '.join(metrics) or 'nothing'}"
        found = replace(trial, metrics={} if failure else metrics, failure=failure, notes=tuple(notes))
        record = _outcome(found, outcome.duration_s, datetime.now(UTC).isoformat(timespec="seconds"))
        self._storage.set_trial_user_attr(self._ids[_key(trial)], "outcome", record)
        ended = _ended(trial, record)
        if told := [*([ended.failure] if ended.failure else []), *ended.notes]:
            write_note(self._storage, self._study_id, as_code("\n".join(told)), self._ids[_key(trial)])
        self._close(ended)
        self._trials[_key(trial)] = ended
        return ended

    @told()
    def recover(self) -> None:
        """Close the trials whose outcome was written but whose state was not, because the driver died in between."""
        while self._unclosed:
            self._close(self._unclosed.pop())

    @told()
    def annotate(self, key: str, value: Any) -> None:
        """Keep a JSON value on the study."""
        self._storage.set_study_user_attr(self._study_id, key, value)

    @told()
    def describe(self, body: str) -> None:
        """Keep a note on the study for optuna-dashboard, in Markdown."""
        write_note(self._storage, self._study_id, body)

    @told()
    def show_picture(self, trial: tuple[Phase, int], picture: Path, store: Path) -> None:
        """Keep a picture of a running trial for optuna-dashboard.

        Args:
          store: the folder of the run's pictures; made if there is none.
        """
        show_picture(self._storage, self._ids[trial], picture, store)

    @told()
    def notes(self) -> dict[str, Any]:
        """What `annotate` has kept."""
        return self._storage.get_study_user_attrs(self._study_id)

    def _take_new(self) -> list[FrozenTrial]:
        """Read every trial but those that had ended when they were read before; which these are."""
        every = self._storage.get_all_trials(self._study_id, deepcopy=False)
        new = [frozen for frozen in every if frozen._trial_id not in self._closed]
        for frozen in new:
            self._take(frozen)
        self._closed |= {frozen._trial_id for frozen in new if frozen.state.is_finished()}
        return new

    def _take(self, frozen: FrozenTrial) -> None:
        """Read a trial, or pass it over."""
        attrs = frozen.user_attrs
        if LOST in attrs:
            return
        self._damaged.pop(frozen._trial_id, None)
        if not is_ours(attrs):
            self._foreign.add(frozen._trial_id)
        elif fault := fault_of(attrs, [len(one.choices) for one in self._distributions.values()]):
            self._damaged[frozen._trial_id] = f"trial {frozen.number}: {fault}"
        elif self._has_another(attrs["phase"], attrs["ticket"], frozen):
            self._foreign.add(frozen._trial_id)
        else:
            self._keep(frozen)

    def _has_another(self, phase: Phase, ticket: int, frozen: FrozenTrial) -> bool:
        """Whether a trial is a copy of one that is known, as Optuna's callback for retries makes it."""
        return self._ids.get((phase, ticket), frozen._trial_id) != frozen._trial_id

    def _keep(self, frozen: FrozenTrial) -> None:
        trial = _thaw(frozen, self._objectives[0])
        if "outcome" in frozen.user_attrs and trial.state == "running":
            fault = fault_of_outcome(frozen.user_attrs["outcome"], self._objectives[0])
            self._damaged[frozen._trial_id] = f"trial {frozen.number}: {fault}; it is trained again"
        self._trials[_key(trial)] = trial
        if others := {name: value for name, value in frozen.user_attrs.items() if name not in OUR_ATTRIBUTES}:
            self._attributes[_key(trial)] = others
        if frozen.datetime_start is not None:
            self._begun[_key(trial)] = frozen.datetime_start.astimezone(UTC)
        if trial.state == "running" and frozen.state.is_finished():
            return  # closed by another tool, or its outcome is lost: Optuna takes no other, so it starts as a new trial
        self._ids[_key(trial)] = frozen._trial_id
        if trial.state != "running" and not frozen.state.is_finished():
            self._unclosed.append(trial)

    def _missing(self, trial: Trial, metrics: Mapping[str, float]) -> str | None:
        """The first objective that is neither a metric nor known without training."""
        wanted = [name for name in self._objectives if name not in metrics]
        costs = self._shown.costs(trial.architecture) if wanted else {}
        return next((name for name in wanted if name not in costs), None)

    def _close(self, trial: Trial) -> None:
        place = self._ids[_key(trial)]
        if trial.state != "complete":
            self._storage.set_trial_state_values(place, TrialState.FAIL)
            return
        if beyond := self._trained_excess(trial):
            self._storage.set_trial_system_attr(place, CONSTRAINTS, beyond)
        self._storage.set_trial_state_values(place, TrialState.COMPLETE, self._values(trial))

    def _frozen(self, trial: Trial, start: datetime) -> FrozenTrial:
        """A trial as it is handed out, in Optuna's words."""
        options = zip(self._distributions.items(), trial.architecture, strict=True)
        excess = list(self._shown.excess(trial.architecture))
        return FrozenTrial(
            number=-1,
            trial_id=-1,
            state=TrialState.RUNNING,
            value=None,
            values=None,
            datetime_start=start,
            datetime_complete=None,
            params={name: distribution.choices[i] for (name, distribution), i in options},
            distributions=dict(self._distributions),
            user_attrs={
                "phase": trial.phase,
                "ticket": trial.ticket,
                "architecture": list(trial.architecture),
                "fidelity": trial.fidelity,
                "origin": trial.origin,
                **({} if trial.source is None else {"source": asdict(trial.source)}),
            },
            system_attrs={CONSTRAINTS: excess} if excess else {},
            intermediate_values={},
        )

    def _trained_excess(self, trial: Trial) -> list[float]:
        """Of every limit, with those on metrics; empty where there are none, or what they rest on is not known."""
        beyond = list(self._shown.trained_excess(trial, self.trials()))
        return [*self._shown.excess(trial.architecture), *beyond] if beyond else []

    def _values(self, trial: Trial) -> list[float]:
        known = (
            {**self._shown.costs(trial.architecture), **trial.metrics} if len(self._objectives) > 1 else trial.metrics
        )
        return [float(known[name]) for name in self._objectives]


def _key(trial: Trial) -> _Key:
    return trial.phase, trial.ticket


def _named_apart(
    wanted: Mapping[str, CategoricalDistribution], known: Mapping[str, BaseDistribution]
) -> dict[str, CategoricalDistribution]:
    """Distributions by their parameter's name; one that has got more options since needs another in a database."""
    return {
        name if known.get(name, one) == one else f"{name} of {len(one.choices)}": one for name, one in wanted.items()
    }


def _open_study(storage: BaseStorage, name: str, objectives: Sequence[str], *, create: bool) -> int:
    try:
        study_id = storage.get_study_id_from_name(name)
    except KeyError:
        if not create:
            raise HistoryError(
                f"the record holds no study called {name!r}; is this the run's own storage? If it "
                "was deleted, restore it from a copy, or begin again with --out a new folder"
            ) from None
        try:
            study_id = storage.create_new_study([StudyDirection.MINIMIZE] * len(objectives), name)
        except DuplicatedStudyError:
            raise HistoryError(f"another process has just made the study {name!r}; run the command again") from None
        storage.set_study_user_attr(study_id, FORMAT_NAME, FORMAT)
        storage.set_study_system_attr(study_id, METRIC_NAMES, list(objectives))
    found = storage.get_study_user_attrs(study_id).get(FORMAT_NAME)
    if found != FORMAT:
        raise HistoryError(f"study {name!r} has record format {found}, this version reads {FORMAT}; use a new folder")
    return study_id


def _thaw(frozen: FrozenTrial, objective: str) -> Trial:
    """A trial whose attributes are sound; it is running if it has no sound outcome."""
    attrs = frozen.user_attrs
    trial = Trial(
        phase=attrs["phase"],
        ticket=attrs["ticket"],
        architecture=tuple(attrs["architecture"]),
        fidelity=attrs["fidelity"],
        origin=attrs["origin"],
        state="running",
        source=_source(attrs.get("source")),
    )
    is_ended = "outcome" in attrs and fault_of_outcome(attrs["outcome"], objective) is None
    return _ended(trial, attrs["outcome"]) if is_ended else trial


def _source(kept: Any) -> Source | None:
    """Where a trial was merged from; of what another tool calls so, nothing."""
    wanted = {"run": str, "trial": str, "seed": int}
    sound = isinstance(kept, Mapping) and all(type(kept.get(name)) is kind for name, kind in wanted.items())
    return Source(**{name: kept[name] for name in wanted}) if sound else None


def _outcome(trial: Trial, duration_s: float, ended: str) -> dict[str, Any]:
    """How a trial ended, as an attribute."""
    return {
        "metrics": dict(trial.metrics),
        "failure": trial.failure,
        "duration_s": duration_s,
        "ended": ended,
        **({"notes": list(trial.notes)} if trial.notes else {}),
    }


def _readable(metrics: Mapping[str, Any]) -> tuple[Mapping[str, float], str | None]:
    """The metrics; or none of them, and why they can be no metrics."""
    try:
        return plain_metrics(metrics), None
    except ValueError as error:
        return {}, str(error)


def _ended(trial: Trial, record: Mapping[str, Any]) -> Trial:
    metrics, fault = _readable(record["metrics"])  # an earlier version took any finite number
    failure = record["failure"] or fault
    return replace(
        trial,
        state="complete" if failure is None else "failed",
        metrics=metrics,
        failure=failure,
        duration_s=record["duration_s"],
        ended=record["ended"],
        notes=tuple(record.get("notes", ())),
    )
