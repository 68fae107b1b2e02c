"""Where each stage of a space is drawn: from left to right as data flow, from top to bottom as pictures get smaller.

A stage stands halfway between the first and the last column that its neighbours leave it. In a U-Net the encoder then
goes down on the left, the decoder comes up on the right, and what lies on the skip connections stands between them; a
chain is a straight line.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from nas.space import INPUT, Space
from nas.space.variants import output_shape


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Column from the left, which may lie between two, and level from the top: how often the sides were halved."""

    column: float
    level: int


def places(space: Space) -> Mapping[str, Place]:
    """By stage; no two stages share a place."""
    found = {name: Place(column=column, level=_level(space, name)) for name, column in _columns(space).items()}
    top = min(place.level for place in found.values())  # what is larger than the image stands above it
    return _apart({name: replace(place, level=place.level - top) for name, place in found.items()})


def _columns(space: Space) -> dict[str, float]:
    earliest, latest = {INPUT: -1}, dict[str, int]()
    for stage in space.stages:
        earliest[stage.name] = 1 + max(earliest[name] for name in stage.inputs)
    last = max(earliest.values())
    for stage in reversed(space.stages):
        followers = [latest[other.name] for other in space.stages if stage.name in other.inputs]
        latest[stage.name] = min(followers, default=last + 1) - 1
    return {stage.name: (earliest[stage.name] + latest[stage.name]) / 2 for stage in space.stages}


def _level(space: Space, name: str) -> int:
    """Of the stage's output, under each choice's first option."""
    return round(math.log2(space.input.height / output_shape(space, name, {}).height))


def _apart(found: Mapping[str, Place]) -> dict[str, Place]:
    """Those that would share a place, one below the other."""
    taken, moved = set[tuple[float, int]](), dict[str, Place]()
    for name, place in found.items():
        while (place.column, place.level) in taken:
            place = replace(place, level=place.level + 1)
        taken.add((place.column, place.level))
        moved[name] = place
    return moved
