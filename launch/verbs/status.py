"""`nas status`: how far a run is, read from its record while another process may be writing it."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from launch.budget import Line, amount, read_note
from launch.json_text import json_text
from launch.session import RunFolder
from launch.session.session import Session, open_session
from launch.terminal import Tally, sentence, table, tally
from nas.record import Phase, Trial

PHASES: tuple[Phase, ...] = ("search", "final")


def run(*, run: Path, as_json: bool) -> int:
    folder = RunFolder(path=run)
    folder.settings()  # there must be a run, though it may still be preparing itself
    session = open_session(folder) if folder.started else None
    finished, driver = folder.winner.exists(), folder.driver()
    tallies = [_tally(session, phase) for phase in PHASES] if session else []
    lines = budget_lines(session, is_driven=driver is not None) if session else ()
    if as_json:
        phases, budgets = ([asdict(one) for one in some] for some in (tallies, lines))
        record = {"run": str(run), "finished": finished, "driver": driver, "phases": phases, "budgets": budgets}
        record["passed_over"] = asdict(session.history.passed_over()) if session else None
        print(json_text(record))
    else:
        planned = [state for state in tallies if state.total]  # the finals are planned when the search has ended
        print("\n".join(map(sentence, planned)) or "no trial has been handed out yet")
        if lines:
            print(_table(lines))
        if session and (passed_over := session.history.passed_over()):
            print(passed_over)
        print(f"finished: {folder.winner}" if finished else f"driven by {driver or 'nobody: it is stopped'}")
    return 0


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
