"""Operating points that were named to be trained, kept in the run's record.

What they teach changes what the predictor would name, so a sweep that is cut short, or given again, must go on with the
points that it began with. Once the search has trained something else, the same sweep asks anew.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from launch.selection.operating_points import OperatingPoint, Question

NOTE = "sweeps"


def named_before(about: Question) -> list[OperatingPoint] | None:
    """The points of the same sweeps under the same limits; None if there are none, or they are out of date."""
    notes = about.session.history.notes().get(NOTE, [])
    same = [note for note in notes if {key: note[key] for key in ("sweeps", "limits")} == _texts(about)]
    if not same or not _is_latest(same[-1], about):
        return None
    return [_point(kept) for kept in same[-1]["points"]]


def note_named(about: Question, points: Sequence[OperatingPoint]) -> None:
    """Keep the points, before any of them is trained."""
    history = about.session.history
    note = {**_texts(about), "num_trials": len(about.session.trials("search")), "points": list(map(_kept, points))}
    history.annotate(NOTE, [*history.notes().get(NOTE, []), note])


def _texts(about: Question) -> dict[str, list[str]]:
    return {"sweeps": [one.text for one in about.sweeps], "limits": [one.text for one in about.limits]}


def _is_latest(note: Mapping[str, Any], about: Question) -> bool:
    """Whether all that the search has trained since is these points."""
    named = {tuple(kept["architecture"]) for kept in note["points"] if kept["architecture"]}
    since = about.session.trials("search")[note["num_trials"] :]
    return all(trial.architecture in named for trial in since)


def _kept(point: OperatingPoint) -> dict[str, Any]:
    return {
        "bounds": dict(point.bounds),
        "architecture": None if point.architecture is None else list(point.architecture),
        **({"reason": point.reason} if point.architecture is None else {"mean": point.mean, "std": point.std}),
    }


def _point(kept: Mapping[str, Any]) -> OperatingPoint:
    if kept["architecture"] is None:
        return OperatingPoint(bounds=kept["bounds"], reason=kept["reason"])
    return OperatingPoint(
        bounds=kept["bounds"], architecture=tuple(kept["architecture"]), mean=kept["mean"], std=kept["std"]
    )
