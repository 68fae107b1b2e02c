"""The end of a search with several objectives: the finals that no other dominates, each with a winner's files.

    winners/01/ ..   winner.json, winner.pt and winner.py of each point, by ascending first objective
    front.json       the points with their objectives, predicted and measured, and which one is the run's winner
    winner.*         that point's files, copied: the knee's, or what --choose names

A final that violates a limit as measured is on no front. If all do, the front is the one that comes nearest.
"""

import shutil
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np

from launch.run.finals.choice import Record, choose_point
from launch.run.finals.winner import Finalist, choose
from launch.session import RunFolder
from nas.genetic import front_mask
from nas.record import rows
from nas.search import Aims, Features, Fits

FORMAT = 1
FILES = ("winner.pt", "winner.py", "winner.json")
"""Of a point; the last says that they are whole."""


@runtime_checkable  # the test run checks the types of arguments
class WritePoint(Protocol):
    """Writes one point's files into the folder of that name; `told` goes into its winner.json."""

    def __call__(self, point: Finalist, *, name: str, told: Mapping[str, Any]) -> None: ...


def front_of(finalists: Sequence[Finalist], names: Sequence[str]) -> list[Finalist]:
    """Those that meet every limit and that no other of them dominates, by ascending objectives."""
    meeting = [final for final in finalists if final.excess == 0.0]
    if not meeting:
        return [choose(finalists, names[0])]
    values = np.array([[final.value(name) for name in names] for final in meeting])
    places = np.flatnonzero(front_mask(values, keep_equal=False)).tolist()
    return [meeting[place] for place in sorted(places, key=lambda place: tuple(values[place]))]


def write_front(
    finalists: Sequence[Finalist],
    *,
    folder: RunFolder,
    aims: Aims,
    fits: Fits,
    features: Features,
    texts: Sequence[str],
    units: Mapping[str, str],
    write_point: WritePoint,
    say: Callable[[str], None],
) -> None:
    """Write all but the report; winner.json, whose presence says that the run is finished, comes last.

    Args:
      texts: what --choose says; none for what the run has chosen by before, or the knee.
      units: of the resources, by name.
    """
    points = front_of(finalists, aims.names)
    texts = texts or (folder.read_json(folder.front)["chosen_by"] if folder.front.exists() else ())
    shutil.rmtree(folder.winners, ignore_errors=True)  # a shorter run's
    mean, std = aims.predicted(fits, features, rows([point.trial for point in points]))
    for i, point in enumerate(points):
        objectives = {
            name: {
                "unit": units.get(name, ""),
                "predicted": float(mean[i, column]),  # at the search's fidelity; a cost is exact
                "predicted_std": float(std[i, column]),
                "measured": point.value(name),
            }
            for column, name in enumerate(aims.names)
        }
        told = {"point": i + 1, "num_points": len(points), "objectives": objectives}
        write_point(point, name=f"{i + 1:02d}", told={"front": told})
    _settle(folder, _records(folder, len(points)), texts, say)


def choose_again(folder: RunFolder, texts: Sequence[str], say: Callable[[str], None]) -> bool:
    """Make another point of a finished front the winner; whether it is another.

    Raises:
      LimitError: a text cannot be read, or is about what the run does not know.
      FolderError: the front cannot be read.
    """
    before = folder.read_json(folder.front)
    _settle(folder, _records(folder, len(before["points"])), texts, say)
    return bool(folder.read_json(folder.front)["chosen"] != before["chosen"])


def _records(folder: RunFolder, num_points: int) -> list[Record]:
    return [folder.read_json(folder.winners / f"{i + 1:02d}" / "winner.json") for i in range(num_points)]


def _settle(folder: RunFolder, points: Sequence[Record], texts: Sequence[str], say: Callable[[str], None]) -> None:
    """Choose the winner, write front.json and copy the winner's files."""
    objectives = list(points[0]["front"]["objectives"])
    choice = choose_point(points, objectives, texts)
    name = f"winners/{choice.place + 1:02d}"
    if not choice.is_met:
        say(f"no point of the front meets {' and '.join(texts)}; {name} comes nearest, and is the winner")
    record = {
        "format": FORMAT,
        "objectives": {one: points[0]["front"]["objectives"][one]["unit"] for one in objectives},
        "chosen": name,
        "chosen_by": list(texts),
        "choice_met": choice.is_met,
        "points": [_point(point, f"winners/{i + 1:02d}") for i, point in enumerate(points)],
    }
    folder.write_json(folder.front, record)
    for file in FILES:
        kept = folder.path / name / file
        if kept.exists():
            folder.write_bytes(folder.path / file, kept.read_bytes())


def _point(point: Record, name: str) -> dict[str, Any]:
    return {
        "folder": name,
        **{key: point[key] for key in ("trial", "origin", "architecture", "decisions")},
        "objectives": point["front"]["objectives"],
        "limits": point["limits"],
    }
