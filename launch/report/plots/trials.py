"""Charts of trials, painted on given axes. Which data they show is decided elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import EngFormatter, MaxNLocator, StrMethodFormatter

from launch.report.facts import Point
from launch.report.plots.draw import FAINT, FRONT, INK, LIMIT, PAPER, SERIES
from nas.record import Trial
from nas.search import drawn_in

ORIGINS = ("design", "genetic", "mutation", "random")
MARKERS = ("o", "^", "s", "D", "P")
WIDE_RATIO = 30.0  # costs that spread further than this are drawn on a logarithmic axis
LARGE = 1e4  # from here on axes are numbered in k, M or G
NUM_COLUMNS = 3  # of a legend


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """A quantity and its unit, "" where it has none."""

    name: str
    unit: str = ""

    def __str__(self) -> str:
        return f"{self.name} [{self.unit}]" if self.unit else self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontPlot:
    """Search trials on two axes with their front; finals, trained for longer, beside them.

    `limits` are bounds on x; one that lies far from every point is left out, see `in_view`.
    """

    x: Axis
    y: Axis
    points: Sequence[Point]
    finals: Sequence[Point] = ()
    winner: Point | None = None
    limits: Sequence[float] = ()

    def __call__(self, axes: Axes) -> None:
        _by_origin(axes, [p.trial for p in self.points], [p.x for p in self.points], [p.y for p in self.points])
        if self.finals:
            xs, ys = [p.x for p in self.finals], [p.y for p in self.finals]
            axes.scatter(
                xs, ys, s=44, marker="o", facecolors="none", edgecolors=INK.light, linewidths=1.2, label="final"
            )
        if self.winner is not None:
            axes.scatter(self.winner.x, self.winner.y, s=150, marker="*", color=INK.light, zorder=4, label="winner")
        for i, bound in enumerate(limit for limit in self.limits if self.in_view(limit)):
            axes.axvline(bound, color=LIMIT.light, linewidth=1.3, label=None if i else "limit")
        if self._is_wide():
            axes.set_xscale("log")
            axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))  # the usual one writes TeX, which is not parsed
        self._step(axes)
        label(axes, self.x, self.y)

    def in_view(self, bound: float) -> bool:
        """Whether a bound is near enough to the points to be drawn without pressing them together."""
        xs = [p.x for p in (*self.points, *self.finals)]
        span = max(xs) - min(xs)
        return min(xs) - span <= bound <= max(xs) + span

    def _is_wide(self) -> bool:
        xs = [p.x for p in self.points]
        return min(xs) > 0 and max(xs) > WIDE_RATIO * min(xs)

    def _step(self, axes: Axes) -> None:
        """The edge of what is dominated, drawn to the ends of the picture."""
        front = [p for p in self.points if p.on_front]
        (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
        xs, ys = [front[0].x, *(p.x for p in front), right], [high, *(p.y for p in front), front[-1].y]
        axes.step(xs, ys, where="post", color=FRONT.light, linewidth=1.2, label="front", zorder=1.5)
        axes.set(xlim=(left, right), ylim=(low, high))


@dataclass(frozen=True, slots=True, kw_only=True)
class CoursePlot:
    """The objective of each search trial and the best so far, by ticket; failed ones as crosses along the bottom."""

    objective: str
    label: str
    trials: Sequence[Trial]

    def __call__(self, axes: Axes) -> None:
        complete = [trial for trial in self.trials if trial.state == "complete"]
        tickets = [trial.ticket for trial in complete]
        values = drawn_in(np.array([trial.metrics[self.objective] for trial in complete]))
        design = [trial.ticket for trial in self.trials if trial.origin == "design"]
        if design:
            axes.axvspan(-0.5, max(design) + 0.5, color=FAINT.light, alpha=0.14, linewidth=0, label="design")
        axes.scatter(tickets, values, s=14, color=SERIES[0].light, label="trial")
        axes.step(
            tickets, np.minimum.accumulate(values), where="post", color=FRONT.light, linewidth=1.4, label="best so far"
        )
        self._failed(axes)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        label(axes, Axis(name="ticket of the search trial"), Axis(name=self.label))

    def _failed(self, axes: Axes) -> None:
        failed = [trial.ticket for trial in self.trials if trial.state == "failed"]
        if failed:
            bottom = axes.get_xaxis_transform()
            axes.scatter(
                failed, [0.02] * len(failed), s=22, marker="x", color=LIMIT.light, transform=bottom, label="failed"
            )


def _by_origin(axes: Axes, trials: Sequence[Trial], xs: Sequence[float], ys: Sequence[float]) -> None:
    """One colour and one marker for each origin; origins that are not ours share what is left."""
    found = {trial.origin for trial in trials}
    names = [*(name for name in ORIGINS if name in found), *sorted(found.difference(ORIGINS))]
    for name in names:
        place = ORIGINS.index(name) if name in ORIGINS else len(ORIGINS)
        chosen = [i for i, trial in enumerate(trials) if trial.origin == name]
        axes.scatter(
            [xs[i] for i in chosen],
            [ys[i] for i in chosen],
            s=24,
            marker=MARKERS[place],
            color=SERIES[place].light,
            edgecolors=PAPER.light,
            linewidths=0.5,
            label=name,
            zorder=2,
        )


def label(axes: Axes, x: Axis, y: Axis) -> None:
    """Names of the axes; large numbers with k, M or G; the legend above, where it hides nothing."""
    axes.set(xlabel=str(x), ylabel=str(y))
    if x.unit and axes.get_xlim()[1] >= LARGE:
        axes.xaxis.set_major_formatter(EngFormatter())
    figure = axes.get_figure()
    assert figure is not None
    if axes.get_legend_handles_labels()[1]:
        figure.legend(loc="outside upper left", ncols=NUM_COLUMNS, handletextpad=0.5, columnspacing=1.2)
