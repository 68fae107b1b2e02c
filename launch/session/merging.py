"""Several runs as one: their trials, each architecture once, where space, task and training agree.

An architecture that two runs have trained alike is counted once: the first run's counts, unless it failed there. What
was running is left out. Trials are numbered anew, run by run, and keep where they come from.
"""

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from launch.extensions import parts
from launch.pricing import Pricing, quality_limit, shown, split_limits
from launch.session import compatibility
from launch.session.folder import RunFolder
from launch.session.session import QUALITY, Session, limits_of, note_record, open_history
from launch.session.settings import study_name
from nas.record import Phase, Source, Trial
from nas.record.history import History
from nas.space import Architecture

SETTING = "merged"
"""Where experiment.json keeps what a merged run was made of: by each run's name, a text."""
MERGED: tuple[Phase, ...] = ("search", "final")
"""Phases whose trials are taken. Repeats are of the seeds of one run, and are trained anew."""
ALIKE = ("space", "space_size", "input", "objective", "objectives", "minimise", "fidelity", "final_fidelity", "rungs")
MEANING = ("choices", "stages", "references", "networks")
"""What must be equal in the settings of runs, and in what they say of their spaces."""


class MergeError(ValueError):
    """Runs that do not belong together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pooled:
    """A trial with its new number, and the run and the trial that it was."""

    trial: Trial
    session: Session
    before: Trial


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """Of one run, how many trials were taken, known already, and still running."""

    run: str
    num_taken: int
    num_known: int
    num_running: int


def check_alike(sessions: Sequence[Session]) -> None:
    """See that every run trains the same networks in the same way.

    Raises:
      MergeError: one does not, or a run is named twice.
    """
    first, seen = sessions[0], {sessions[0].folder.path.resolve()}
    for other in sessions[1:]:
        if (path := other.folder.path.resolve()) in seen:
            raise MergeError(f"{other.folder.path} is named twice; name each run once")
        seen.add(path)
        if fault := _difference(first.settings, other.settings):
            name, mine, theirs = fault
            raise MergeError(
                f"runs that are put together agree in space, evaluator and training, but {name} is {mine} in "
                f"{first.folder.path} and {theirs} in {other.folder.path}; leave one of them out"
            )


def pooled(sessions: Sequence[Session]) -> list[Pooled]:
    """The trials of all runs that have ended, each architecture at each fidelity once, numbered anew by phase.

    Raises:
      MergeError: see `check_alike`.
    """
    check_alike(sessions)
    known: dict[tuple[Phase, Architecture, int], Pooled] = {}
    for session, name in zip(sessions, _names(sessions), strict=True):
        for before in _ended(session):
            key = before.phase, before.architecture, before.fidelity
            if key not in known or (known[key].trial.state, before.state) == ("failed", "complete"):
                source = before.source or Source(run=name, trial=before.name, seed=session.seed)
                known[key] = Pooled(trial=replace(before, source=source), session=session, before=before)
    return [one for phase in MERGED for one in _numbered([one for one in known.values() if one.trial.phase == phase])]


def shares(sessions: Sequence[Session], together: Sequence[Pooled]) -> list[Share]:
    """What each run has given."""
    found = []
    for session, name in zip(sessions, _names(sessions), strict=True):
        num_taken, num_ended = sum(one.session is session for one in together), len(_ended(session))
        num_running = sum(len(session.trials(phase)) for phase in MERGED) - num_ended
        found.append(Share(run=name, num_taken=num_taken, num_known=num_ended - num_taken, num_running=num_running))
    return found


def merge(sessions: Sequence[Session], folder: RunFolder, limits: Sequence[str] = ()) -> list[Share]:
    """Make a run of several, which a search can go on from; each run's share.

    Args:
      limits: of the new run; none for the runs' own, which then must be the same.

    Raises:
      MergeError: the runs do not belong together, or their limits differ.
      FolderError: the folder holds something else.
    """
    if folder.settings_file.exists():
        raise MergeError(f"{folder.path} holds a run already; give --out a new folder")
    together = pooled(sessions)
    given = shares(sessions, together)
    settings = _settings(sessions, given, folder, limits)
    with folder.hold():
        folder.settle(settings)
        _copy_files(sessions[0], together, folder)
        _record(sessions, together, settings, folder)
    return given


def _record(
    sessions: Sequence[Session], together: Sequence[Pooled], settings: Mapping[str, Any], folder: RunFolder
) -> None:
    first = sessions[0]
    history = open_history(
        folder, settings, first.experiment, create=True, shown=_shown(first, first.pricing(), settings)
    )
    begun = {id(session): session.history.begun() for session in sessions}
    for one in together:
        history.adopt(one.trial, begun[id(one.session)].get((one.before.phase, one.before.ticket)))
    _annotate(history, sessions, together)
    folder.start()
    note_record(folder, history)


def _shown(session: Session, pricing: Pricing, settings: Mapping[str, Any]) -> Any:
    bar = settings.get(QUALITY)
    quality = quality_limit(bar, session.objective, pricing) if bar else None
    return shown(pricing, [pricing.limit(text) for text in settings["limits"]], quality, session.experiment.costs)


def _settings(
    sessions: Sequence[Session], given: Sequence[Share], folder: RunFolder, limits: Sequence[str]
) -> dict[str, Any]:
    """The first run's, with a study of its own, and what was merged."""
    first = sessions[0]
    for other in sessions[1:]:
        if not limits and sorted(limits_of(other.settings)) != sorted(limits_of(first.settings)):
            raise MergeError(
                f"the limits of {first.folder.path} ({_listed(limits_of(first.settings))}) and of {other.folder.path} "
                f"({_listed(limits_of(other.settings))}) differ; say with --limit which the merged run has"
            )
    costs, bar = split_limits(list(limits) or limits_of(first.settings), first.objective)
    told = {share.run: _told(session, share) for session, share in zip(sessions, given, strict=True)}
    left = {name: value for name, value in first.settings.items() if name not in ("format", "started", QUALITY)}
    return {
        **left,
        "study": study_name(first.experiment, folder),
        "storage": None,
        "limits": costs,
        **({QUALITY: bar} if bar else {}),
        **({"limits_given": True} if limits else {}),
        SETTING: told,
    }


def _told(session: Session, share: Share) -> str:
    settings = session.settings
    return (
        f"{share.num_taken} trials taken, {share.num_known} known already; seed {settings['seed']}, lag "
        f"{settings['lag']}, strategy {parts.shown(settings.get('strategy'))}, predictor "
        f"{parts.shown(settings.get('predictor'))}, limits {_listed(limits_of(settings))}"
    )


def _listed(texts: Sequence[str]) -> str:
    return "; ".join(texts) or "none"


def _annotate(history: History, sessions: Sequence[Session], together: Sequence[Pooled]) -> None:
    """The notes that a search keeps on its study: what was planned, what was spent, what the task calls things."""
    notes = [session.history.notes() for session in sessions]
    for phase in MERGED:
        total = sum(one.trial.phase == phase for one in together)
        history.annotate(f"plan:{phase}", {"total": total, "slots": notes[0].get(f"plan:{phase}", {}).get("slots", 1)})
    accounts = [note["account"] for note in notes if "account" in note]
    if accounts:
        shifts = [shift for account in accounts for shift in account["shifts"]]
        history.annotate("account", {**accounts[0], "shifts": sorted(shifts, key=lambda shift: shift["since"])})
    if "task" in notes[0]:
        history.annotate("task", notes[0]["task"])


def _copy_files(first: Session, together: Sequence[Pooled], folder: RunFolder) -> None:
    """The first run's latency tables, and the weights and pictures of every trial that is taken."""
    for device in first.experiment.devices:
        table = first.folder.latency_table(device.key)
        folder.write_bytes(folder.latency_table(device.key), table.read_bytes())
    folder.artifacts.mkdir(parents=True, exist_ok=True)
    for one in together:
        for file in one.session.folder.artifacts.glob(f"{one.before.name}.*"):
            ending = file.name.removeprefix(one.before.name)
            shutil.copy2(file, folder.artifacts / f"{one.trial.name}{ending}")


def _ended(session: Session) -> list[Trial]:
    return [trial for phase in MERGED for trial in session.trials(phase) if trial.state != "running"]


def _numbered(some: Sequence[Pooled]) -> list[Pooled]:
    return [replace(one, trial=replace(one.trial, ticket=ticket)) for ticket, one in enumerate(some)]


def _names(sessions: Sequence[Session]) -> list[str]:
    """The folders' names, or their paths where two are called alike."""
    names = [session.folder.path.resolve().name for session in sessions]
    return [
        name if names.count(name) == 1 else str(session.folder.path.resolve())
        for name, session in zip(names, sessions, strict=True)
    ]


def _difference(mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> tuple[str, str, str] | None:
    """The first of what must be equal that is not: its name, and what it is in either run, cut short."""
    pairs = [(name, mine.get(name), theirs.get(name)) for name in ALIKE]
    for part, names in ((compatibility.SETTING, MEANING), (compatibility.EVALUATOR, None)):
        one, other = mine.get(part) or {}, theirs.get(part) or {}
        keys = names if names is not None else sorted({*one, *other})
        what = "the space's" if part == compatibility.SETTING else "the evaluator's"
        pairs += [(f"{what} {key}", one.get(key), other.get(key)) for key in keys]
    return next(((name, _short(one), _short(other)) for name, one, other in pairs if one != other), None)


def _short(value: Any) -> str:
    text = "not known" if value is None else json.dumps(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
