"""Repairing a damaged journal: whole operations stay in their order, and trials keep their numbers.

Optuna counts trials by the lines that create them, so a lost one would hand every later result to another trial. Where
one is missing is told by what follows it: a phase's tickets are created in order, and operations speak of trials by
number. A trial that is closed from the start then stands in its place.
"""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from optuna.storages import BaseStorage
from optuna.trial import TrialState

from nas.record.history import FORMAT, FORMAT_NAME
from nas.record.journal_operations import (
    CREATE_STUDY,
    CREATE_TRIAL,
    DELETE_STUDY,
    SET_STUDY_USER_ATTR,
    SET_TRIAL_USER_ATTR,
    Line,
    parsed,
    salvaged,
)
from nas.record.ownership import LOST, is_ours

WRITER = "chamnas-repair"


class RepairError(ValueError):
    """A record of which nothing can be saved, or whose order cannot be told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """A line of a journal that is no operation, and what its text has left when whole operations are taken out."""

    line: int
    text: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Mended:
    """A journal's whole operations.

    Attributes:
      content: the new file.
      damaged: what is not in it.
      num_saved: operations that were taken out of damaged lines.
      num_lost: trials that nothing is known of but their place.
    """

    content: bytes
    damaged: tuple[Damage, ...]
    num_saved: int
    num_lost: int


def mend(content: bytes, study: str) -> Mended:
    """A journal without its damaged lines.

    Args:
      content: the whole file.
      study: the name of the run's study.

    Raises:
      RepairError: it holds no operation, or not where the lost trials stood.
    """
    damaged, num_saved = [], 0
    order = _Order(study=study)
    for number, text in enumerate(content.splitlines(keepends=True), start=1):
        if text.isspace():
            continue
        whole, rest, is_whole = _pieces(text)
        if rest:
            damaged.append(Damage(line=number, text=rest))
            order.gap()
        num_saved += 0 if is_whole else len(whole)
        for piece in whole:
            order.add(piece)
    order.end()
    return Mended(
        content=b"".join(line + b"\n" for line in order.lines),
        damaged=tuple(damaged),
        num_saved=num_saved,
        num_lost=order.num_lost,
    )


def _pieces(text: bytes) -> tuple[Sequence[bytes], bytes, bool]:
    """Whole operations of a line, what remains of it, and whether it is one operation as it should be."""
    try:
        parsed(text)
    except ValueError:
        return *salvaged(text), False
    return [text.rstrip(b"\r\n")], b"", text.endswith(b"\n")


@dataclass(slots=True)
class _Order:
    """The repaired order under construction: operations so far, and how many studies and trials they have made.

    Attributes:
      place: in `lines`, where the latest damage stood, and how many trials were before it; None before there was any.
      is_open: whether a trial of the latest phase may still be missing there, as far as tickets tell.
      tickets: the next ticket of each study and phase.
      num_unnamed: trials that stand for lost ones, of which it is not known yet which ticket they had.
      latest: the study and phase of the latest trial.
      ended, closed: numbers of trials that have an outcome, and of those that stand for lost ones.
    """

    study: str
    lines: list[bytes] = field(default_factory=list)
    studies: list[str] = field(default_factory=list)
    num_lost: int = 0
    num_unnamed: int = 0
    num_trials: int = 0
    place: int | None = None
    num_before_place: int = 0
    deleted: set[int] = field(default_factory=set)
    is_open: bool = False
    tickets: Counter[tuple[int, str]] = field(default_factory=Counter)
    latest: tuple[int, str] = (0, "search")
    has_format: bool = False
    ended: set[int] = field(default_factory=set)
    closed: set[int] = field(default_factory=set)

    def gap(self) -> None:
        self.place, self.num_before_place = len(self.lines), self.num_trials
        self.is_open = True

    def add(self, text: bytes) -> None:
        line = parsed(text)
        self._find_studies(line)
        if "trial_id" in line:
            self._find_trials(line["trial_id"])
            self._check_outcome(line)
        elif line["op_code"] == CREATE_TRIAL:
            self._create(line)
        elif line["op_code"] == CREATE_STUDY and line["study_name"] not in self.studies:
            self.studies.append(line["study_name"])
        elif line["op_code"] == DELETE_STUDY:
            self.deleted.add(line["study_id"])
        elif line["op_code"] == SET_STUDY_USER_ATTR and self._is_ours(line):
            self.has_format = self.has_format or FORMAT_NAME in line["user_attr"]
        self.lines.append(text)

    def end(self) -> None:
        """Raises: see `mend`."""
        if self.study not in self.studies:
            raise RepairError(f"the record holds nothing of the run's study {self.study!r}; restore it from a copy")
        if not self.has_format:
            number = self.studies.index(self.study)
            attribute = {FORMAT_NAME: FORMAT}
            self.lines.append(_line({"op_code": SET_STUDY_USER_ATTR, "study_id": number, "user_attr": attribute}))

    def _is_ours(self, line: Line) -> bool:
        return line["study_id"] < len(self.studies) and self.studies[line["study_id"]] == self.study

    def _find_studies(self, line: Line) -> None:
        """Make studies that are spoken of and were lost; the first of them is the run's, if that is not there."""
        while line.get("study_id", -1) >= len(self.studies) and self.place is not None:
            name = self.study if self.study not in self.studies else f"lost-{len(self.studies)}"
            self._insert({"op_code": CREATE_STUDY, "study_name": name, "directions": [1]})
            self.studies.append(name)

    def _create(self, line: Line) -> None:
        if line["study_id"] in self.deleted or line["study_id"] >= len(self.studies):
            return  # Optuna makes no trial of it
        attrs = line.get("user_attrs", {})
        if is_ours(attrs) and type(attrs.get("ticket")) is int:
            key = (line["study_id"], str(attrs.get("phase")))
            self._find_tickets(key, attrs["ticket"])
            self.is_open = self.is_open and key != self.latest
            self.tickets[key] = max(self.tickets[key], attrs["ticket"] + 1)
            self.latest = key
        elif LOST in attrs:  # of an earlier repair
            self.num_unnamed += 1
            self.closed.add(self.num_trials)
        self.num_trials += 1

    def _find_tickets(self, key: tuple[int, str], ticket: int) -> None:
        """Make trials that the tickets tell to be missing, as far as they are not there already, known by number."""
        while self.tickets[key] < ticket and (self.num_unnamed or self.is_open):
            if not self.num_unnamed:
                self._lose(key[0])
            self.num_unnamed -= 1
            self.tickets[key] += 1

    def _find_trials(self, number: int) -> None:
        """Make trials that are spoken of by number and were lost."""
        while number >= self.num_trials and self.place is not None:
            self._lose(self.latest[0])

    def _check_outcome(self, line: Line) -> None:
        """No trial ends twice: if one seems to, results have been handed to others than theirs."""
        number = line["trial_id"]
        if line["op_code"] != SET_TRIAL_USER_ATTR or "outcome" not in line["user_attr"] or number in self.closed:
            return
        if number in self.ended and self.place is not None:
            raise RepairError(
                f"the record's order cannot be told: trial {number} would have ended twice; restore it from a copy"
            )
        self.ended.add(number)

    def _lose(self, study: int) -> None:
        """Put a closed trial where one was lost."""
        now = datetime.now(UTC).isoformat(timespec="microseconds")
        state = int(TrialState.FAIL)
        times = {"datetime_start": now, "datetime_complete": now}
        self._insert({"op_code": CREATE_TRIAL, "study_id": study, **times, "state": state, "user_attrs": {LOST: True}})
        self.closed.add(self.num_before_place)
        self.num_before_place += 1
        self.num_trials += 1
        self.num_unnamed += 1
        self.num_lost += 1

    def _insert(self, line: Line) -> None:
        assert self.place is not None
        self.lines.insert(self.place, _line(line))
        self.place += 1


def _line(line: Line) -> bytes:
    return json.dumps({**line, "worker_id": WRITER}, separators=(",", ":")).encode()


def unended(storage: BaseStorage, study: str) -> list[str]:
    """Names of the run's trials that have no outcome: they are trained, once more if they had been."""
    trials = storage.get_all_trials(storage.get_study_id_from_name(study), deepcopy=False)
    open_ones = [
        trial.user_attrs for trial in trials if is_ours(trial.user_attrs) and "outcome" not in trial.user_attrs
    ]
    return [f"{attrs.get('phase')}-{attrs.get('ticket')}" for attrs in open_ones]


def missing(storage: BaseStorage, study: str) -> list[str]:
    """Names of the run's trials that others of their phase come after, and that the record does not hold."""
    trials = storage.get_all_trials(storage.get_study_id_from_name(study), deepcopy=False)
    tickets: dict[str, set[int]] = {}
    for trial in trials:
        if is_ours(trial.user_attrs) and type(trial.user_attrs.get("ticket")) is int:
            tickets.setdefault(str(trial.user_attrs.get("phase")), set()).add(trial.user_attrs["ticket"])
    return [f"{phase}-{i}" for phase, known in tickets.items() for i in range(max(known)) if i not in known]
