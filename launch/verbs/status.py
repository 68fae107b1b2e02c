"""`nas status`: how far a run is, read from its record while another process may be writing it."""

import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from launch.budget import Line, amount, read_note
from launch.json_text import json_text
from launch.session import RunFolder
from launch.session.session import Session, open_session
from launch.terminal import Course, Tally, course, duration, progress_bar, sentence, table, tally
from nas.record import PHASES, Phase, Trial

MAX_REASONS = 3
"""Reasons of failures that are shown, and trials named for each."""


def run(*, run: Path, as_json: bool) -> int:
    folder = RunFolder(path=run)
    folder.settings()  # there must be a run, though it may still be preparing itself
    session = open_session(folder) if folder.started else None
    finished, driver = folder.winner.exists(), folder.driver()
    phases = [_phase(session, phase) for phase in PHASES] if session else []
    phases = [pair for pair in phases if pair[0].phase != "repeat" or pair[0].total]  # most runs have none
    lines = budget_lines(session, is_driven=driver is not None) if session else ()
    if as_json:
        told = [{**asdict(state), **asdict(found)} for state, found in phases]
        record = {"run": str(run), "finished": finished, "driver": driver, "phases": told}
        record["budgets"] = [asdict(line) for line in lines]
        record["took_s"] = _took_s(session)
        record["passed_over"] = asdict(session.history.passed_over()) if session else None
        print(json_text(record))
    else:
        planned = [pair for pair in phases if pair[0].total]  # the finals are planned when the search has ended
        parts = [*(_phase_text(*pair) for pair in planned), *([_table(lines)] if lines else [])]
        print("\n\n".join(parts) or "no trial has been handed out yet")
        if session and (passed_over := session.history.passed_over()):
            print(passed_over)
        print(_state(folder, session, finished=finished, driver=driver))
    return 0


def _phase(session: Session, phase: Phase) -> tuple[Tally, Course]:
    return _tally(session, phase), course(session.trials(phase), session.objective)


def _phase_text(state: Tally, found: Course) -> str:
    """A bar, the counts, and what there is to say of best, rate and failures."""
    encoding = sys.stdout.encoding or "ascii"
    bar = progress_bar(state.done, state.failed, state.total, encoding)
    more = []
    if found.best_trial is not None:
        more.append(f"best in {found.best_trial}, {found.since_best} ended since")
    if found.rate_per_hour is not None:
        more.append(f"{found.rate_per_hour:,.3g} trials an hour lately")
    lines = [sentence(state), f"  {bar}", *([f"  {'; '.join(more)}"] if more else [])]
    for failure in found.failures[:MAX_REASONS]:
        names = ", ".join(failure.trials[:MAX_REASONS]) + (", .." if len(failure.trials) > MAX_REASONS else "")
        lines.append(f"  failed {len(failure.trials)}: {failure.reason} ({names})")
    return "\n".join(lines)


def _state(folder: RunFolder, session: Session | None, *, finished: bool, driver: str | None) -> str:
    took = _took_s(session)
    lasted = "" if took is None else f"; {duration(took)} from the first trial's start to the latest end"
    if driver is not None:
        return f"driven by {driver}{lasted}"
    return f"finished: {folder.winner}{lasted}" if finished else f"driven by nobody: it is stopped{lasted}"


def _took_s(session: Session | None) -> float | None:
    """Wall-clock from the first trial's start to the latest end, pauses included; None before one has ended."""
    if session is None:
        return None
    ends = [datetime.fromisoformat(t.ended) for phase in PHASES for t in session.trials(phase) if t.ended]
    starts = list(session.history.begun().values())
    return max(0.0, (max(ends) - min(starts)).total_seconds()) if ends and starts else None


def budget_lines(session: Session, *, is_driven: bool) -> tuple[Line, ...]:
    """The run's budgets as its driver sees them; of a run that nobody drives, as its driver left them."""
    note = session.history.notes().get("account")
    if note is None:  # a run of a version that kept no account
        return ()
    trials = [trial for phase in PHASES for trial in session.trials(phase)]
    now = datetime.now().timestamp() if is_driven else _latest(trials, note["shifts"][-1]["since"])
    account = read_note(note, lambda: now)
    begun = {key: min(max(at.timestamp(), account.began), now) for key, at in session.history.begun().items()}
    for phase in PHASES:
        account.meter.follow(session.trials(phase), begun if is_driven else {})
    return account.lines()


def _latest(trials: Sequence[Trial], since: str) -> float:
    """When the last trial ended, in seconds since 1970; not before the last command began."""
    return max(datetime.fromisoformat(time).timestamp() for time in (since, *(t.ended for t in trials if t.ended)))


def _table(lines: Sequence[Line]) -> str:
    header = ["budget", "spent", "running", "forecast", "limit"]
    return table(
        header, [[line.name, *map(amount, (line.spent, line.running, line.forecast, line.limit))] for line in lines]
    )


def _tally(session: Session, phase: Phase) -> Tally:
    plan = session.history.notes().get(f"plan:{phase}", {"total": 0, "slots": 1})
    return tally(
        session.trials(phase), phase=phase, total=plan["total"], slots=plan["slots"], objective=session.objective
    )
