"""`nas status`: how far a run is, read from its record while another process may be writing it."""

import json
from dataclasses import asdict
from pathlib import Path

from launch.folder import RunFolder
from launch.progress import Tally, sentence, tally
from launch.session import Session, open_session
from nas.trial import Phase


def run(*, run: Path, as_json: bool) -> int:
    folder = RunFolder(path=run)
    session = open_session(folder)
    tallies = [_tally(session, phase) for phase in ("search", "final")]
    finished = folder.winner.exists()
    if as_json:
        print(json.dumps({"run": str(run), "finished": finished, "phases": [asdict(state) for state in tallies]}))
    else:
        print("\n".join(sentence(state) for state in tallies))
        print(f"finished: {folder.winner}" if finished else f"driven by {folder.driver() or 'nobody: it is stopped'}")
    return 0


def _tally(session: Session, phase: Phase) -> Tally:
    plan = session.history.notes().get(f"plan:{phase}", {"total": 0, "slots": 1})
    return tally(
        session.trials(phase), phase=phase, total=plan["total"], slots=plan["slots"], objective=session.objective
    )
