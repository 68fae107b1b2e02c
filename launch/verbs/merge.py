"""`nas merge`: one record of several runs of the same space and evaluator."""

from dataclasses import asdict
from pathlib import Path

from launch.json_text import json_text
from launch.session import RunFolder
from launch.session.merging import Share, merge
from launch.session.session import Session, open_session
from launch.terminal import table


def run(*, runs: tuple[Path, ...], run: Path, limits: tuple[str, ...], as_json: bool) -> int:
    sessions = [open_session(RunFolder(path=path)) for path in runs]
    shares = merge(sessions, RunFolder(path=run), limits)
    if as_json:
        print(json_text({"run": str(run), "merged": [asdict(share) for share in shares]}))
    else:
        print(_text(shares, run, sessions[0]))
    return 0


def _text(shares: list[Share], run: Path, first: Session) -> str:
    rows = [[share.run, *map(str, (share.num_taken, share.num_known, share.num_running))] for share in shares]
    goes_on = f"nas search {first.settings['experiment']} --out {run} goes on from it; --trials counts what is there"
    return "\n".join([table(["run", "trials taken", "known already", "left out, running"], rows), goes_on])
