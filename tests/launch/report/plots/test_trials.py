"""The chart of a front where there is little to draw, and that it tells apart what it must."""

from dataclasses import replace
from typing import Any

import pytest

from launch.report.facts import Point, knee
from launch.report.facts.foreseen import Foreseen
from launch.report.plots.draw import png, svg
from launch.report.plots.trials import Axis, FrontPlot, Shade
from tests.launch.report.synthetic import trials

X, Y = Axis(name="macs", unit="MACs"), Axis(name="error")


def plot(values: list[tuple[float, float]], **others: Any) -> FrontPlot:
    points = [
        Point(trial=trial, x=x, y=y, on_front=True)
        for trial, (x, y) in zip(trials([y for _, y in values]), values, strict=True)
    ]
    return FrontPlot(x=X, y=Y, points=points, **others)


@pytest.mark.parametrize(
    "values", [[(1e6, 0.5)], [(1e6, 0.5)] * 3, [(1e6, 0.5), (1e6, 0.25)], [(1.0, 0.0), (1e9, 0.0)]]
)
def test_few_and_equal_points_are_drawn(values: list[tuple[float, float]]) -> None:
    drawn = plot(values, limits=(1e6,), y_limits=(0.5,), references={"<b>$x$": 1e6})
    assert png(drawn).startswith(b"\x89PNG") and "&lt;b&gt;$x$" in svg(drawn, "one")


def test_limits_references_and_what_is_predicted_have_their_marks() -> None:
    values = [(1e6, 0.9), (2e6, 0.5), (4e6, 0.4)]
    bare = plot(values)
    assert not {"limit", "predicted", "knee", "published"}.intersection(svg(bare, "bare").split())
    promised = [Foreseen(architecture=(0,), x=3e6, mean=0.3, std=0.05)]
    full = replace(
        bare, foreseen=promised, limits=(3e6,), y_limits=(0.6,), references={"published": 2e6}, knee=knee(bare.points)
    )
    markup = svg(full, "full")
    assert all(f">{name}<" in markup for name in ("limit", "predicted", "knee", "published", "front"))


def test_what_violates_a_limit_is_told_apart() -> None:
    drawn = plot([(1e6, 0.5), (2e6, 0.4)])
    first, second = drawn.points
    markup = svg(replace(drawn, points=[first, replace(second, meets_limits=False)]), "one")
    assert ">design<" in markup and ">design, violates a limit<" in markup


@pytest.mark.parametrize("values", [{0: 1.0, 1: 2.0}, {0: 1.0, 1: 1.0}])
def test_a_third_quantity_is_a_colour_with_its_scale(values: dict[int, float]) -> None:
    shade = Shade(axis=Axis(name="params", unit="parameters"), values=values)
    assert ">params [parameters]<" in svg(plot([(1e6, 0.5), (2e6, 0.4)], shade=shade), "one")


def test_a_bound_far_from_all_points_is_left_out() -> None:
    drawn = plot([(1e6, 0.5), (2e6, 0.4)], limits=(1e12,))
    assert not drawn.in_view(1e12) and ">limit<" not in svg(drawn, "one")
