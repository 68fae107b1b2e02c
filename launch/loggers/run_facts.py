"""What a finished run gives to log: worked out from its folder and its record, so that it can be logged later, too."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from launch.loggers.logged import Logged, Scalar
from launch.session import RunFolder
from launch.session.session import Session, limits_of, open_session
from nas.record import Trial

Record = Mapping[str, Any]
"""A winner.json."""


def run_facts(folder: RunFolder) -> Logged:
    """Of a run that has a winner.

    Raises:
      FolderError: there is none, or it cannot be read.
      HistoryError: its record cannot be read.
    """
    session, record = open_session(folder), folder.read_json(folder.winner)
    files = (folder.winner, folder.path / "winner.pt", folder.path / "winner.py", folder.front, folder.report)
    finals = [final["trial"] for final in record["finals"]]
    pictures = [folder.artifacts / f"{name}.png" for name in finals]
    return Logged(
        name=folder.path.resolve().name,
        study=session.settings["study"],
        texts=_texts(session, record),
        scalars=(*_course(session), *_finals(record)),
        pictures=tuple(path for path in pictures if path.exists()),
        files=tuple(path for path in files if path.exists()),
    )


def _texts(session: Session, record: Record) -> dict[str, str]:
    limits = {f"limit {i}": text for i, text in enumerate(limits_of(session.settings))}
    return {
        "experiment": str(session.settings["experiment"]),
        "space": session.experiment.space.name,
        "minimised": ", ".join(session.experiment.aims),
        "seed": str(session.seed),
        "trials": str(record["num_trials"]),
        **limits,
        "winner": f"{record['trial']} ({record['origin']})",
        **{f"decision {name}": str(option) for name, option in record["decisions"].items()},
    }


def _course(session: Session) -> Iterator[Scalar]:
    """The objective of each of the search's trials at its full fidelity, and the least so far."""
    objective, best = session.objective, float("inf")
    complete: Sequence[Trial] = [trial for trial in session.full_trials() if trial.state == "complete"]
    for trial in complete:
        best = min(best, trial.metrics[objective])
        yield Scalar(tag=f"search/{objective}", step=trial.ticket, value=trial.metrics[objective])
        yield Scalar(tag=f"search/least {objective}", step=trial.ticket, value=best)


def _finals(record: Record) -> Iterator[Scalar]:
    for final in record["finals"]:
        step = int(final["trial"].rpartition("-")[2])
        known = {**final["measured"], **final["metrics"]}
        yield from (Scalar(tag=f"final/{name}", step=step, value=value) for name, value in known.items())
        yield Scalar(tag="final/meets limits", step=step, value=float(final["meets_limits"]))
        for limit in record["limits"]:
            if limit["resource"] in known:
                yield Scalar(tag=f"limit/{limit['resource']}", step=step, value=limit["bound"])
    for name, value in record["metrics"].items():
        yield Scalar(tag=f"winner/{name}", step=0, value=value)
