"""Where stages are drawn: a U-Net is a U, a chain a line, and nothing covers anything."""

import pytest

from launch.report.explorer.drawing import places
from nas.plugins import SPACES
from nas.space import Shape, Space, Stage
from tests.experiments import tiny


def test_a_u_net_goes_down_on_the_left_and_comes_up_on_the_right() -> None:
    found = places(SPACES.load("tiefenrausch"))
    assert [found[f"{level}A"].level for level in range(6)] == list(range(6))
    assert [found[f"{level}B"].level for level in range(6)] == list(range(6))
    assert [found[f"{level}C"].level for level in range(6)] == [0, 0, 1, 2, 3, 4]  # lC upsamples to the level above
    encoder, decoder = ([found[f"{level}{kind}"].column for level in range(6)] for kind in "AC")
    assert encoder == sorted(encoder) and decoder == sorted(decoder, reverse=True)
    assert len({found[f"{level}B"].column for level in range(6)}) == 1
    assert all(a < found[f"{level}B"].column < c for level, (a, c) in enumerate(zip(encoder, decoder, strict=True)))


def test_a_chain_is_a_straight_line() -> None:
    stages = [Stage(name=f"s{i}", op="conv", inputs=(f"s{i - 1}" if i else "input",), width=8) for i in range(4)]
    found = places(Space(name="chain", input=Shape(3, 8, 8), stages=tuple(stages)))
    assert [(place.column, place.level) for place in found.values()] == [(i, 0) for i in range(4)]


@pytest.mark.parametrize("space", [tiny.SPACE, SPACES.load("tiefenrausch"), SPACES.load("tiny")], ids=lambda s: s.name)
def test_no_two_stages_share_a_place(space: Space) -> None:
    found = places(space)
    assert len({(place.column, place.level) for place in found.values()}) == len(space.stages)
    assert min(place.level for place in found.values()) == 0


def test_stages_side_by_side_are_set_apart() -> None:
    stages = (
        Stage(name="stem", op="conv", inputs=("input",), width=8),
        *(Stage(name=name, op="conv", inputs=("stem",), width=8) for name in ("left", "right")),
        Stage(name="end", op="conv", inputs=("left", "right"), width=8),
    )
    found = places(Space(name="branches", input=Shape(3, 8, 8), stages=stages))
    assert found["left"].column == found["right"].column and found["left"].level != found["right"].level
