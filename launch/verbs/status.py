"""`nas status`: how far a run is, read from its record while another process may be writing it."""

import json
from dataclasses import asdict
from pathlib import Path

from launch.folder import RunFolder
from launch.progress import Tally, sentence, tally
from launch.session import Session, open_session
from nas.trial import Phase

PHASES: tuple[Phase, ...] = ("search", "final")


def run(*, run: Path, as_json: bool) -> int:
    folder = RunFolder(path=run)
    folder.settings()  # there must be a run, though it may still be preparing itself
    tallies = _tallies(open_session(folder)) if folder.started else []
    finished, driver = folder.winner.exists(), folder.driver()
    if as_json:
        phases = [asdict(state) for state in tallies]
        print(json.dumps({"run": str(run), "finished": finished, "driver": driver, "phases": phases}, indent=1))
    else:
        print("\n".join(sentence(state) for state in tallies) or "no trial has been handed out yet")
        print(f"finished: {folder.winner}" if finished else f"driven by {driver or 'nobody: it is stopped'}")
    return 0


def _tallies(session: Session) -> list[Tally]:
    return [_tally(session, phase) for phase in PHASES]


def _tally(session: Session, phase: Phase) -> Tally:
    plan = session.history.notes().get(f"plan:{phase}", {"total": 0, "slots": 1})
    return tally(
        session.trials(phase), phase=phase, total=plan["total"], slots=plan["slots"], objective=session.objective
    )
