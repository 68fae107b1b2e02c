"""The chart of a front, painted on given axes. Which data it shows is decided elsewhere."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.ticker import EngFormatter, StrMethodFormatter

from launch.report.facts import Point
from launch.report.facts.foreseen import Foreseen
from launch.report.plots.draw import FAINT, FRONT, INK, LIMIT, PAPER, SERIES
from launch.report.view import clipped

ORIGINS = ("design", "genetic", "mutation", "random")
MARKERS = ("o", "^", "s", "D", "P")
RAMP = LinearSegmentedColormap.from_list("ramp", ["#3f97dd", "#8d6cc4", "#cf4a10"])  # legible on light and dark
WIDE_RATIO = 30.0  # costs that spread further than this are drawn on a logarithmic axis
LARGE = 1e4  # from here on axes are numbered in k, M or G
NUM_COLUMNS = 3  # of a legend
NAME_LENGTH = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """A quantity and its unit, "" where it has none."""

    name: str
    unit: str = ""

    def __str__(self) -> str:
        return f"{self.name} [{self.unit}]" if self.unit else self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Shade:
    """A third quantity as colour, by the search trial's ticket."""

    axis: Axis
    values: Mapping[int, float]


@dataclass(frozen=True, kw_only=True)
class FrontPlot:
    """Search trials on two axes with their front; beside them finals, trained for longer, and what is only predicted.

    Attributes:
      foreseen: drawn hollow, with bars of one standard deviation.
      knee: of the front, None if it has none.
      limits, y_limits: bounds on x and on y; what lies far from every point is left out, see `in_view`.
      references: costs on x of networks with a name.
      note: written under the axis, for a picture that has no caption.
    """

    x: Axis
    y: Axis
    points: Sequence[Point]
    foreseen: Sequence[Foreseen] = ()
    finals: Sequence[Point] = ()
    winner: Point | None = None
    knee: Point | None = None
    limits: Sequence[float] = ()
    y_limits: Sequence[float] = ()
    references: Mapping[str, float] = field(default_factory=dict)
    shade: Shade | None = None
    note: str = ""

    def __call__(self, axes: Axes) -> None:
        self._measured(axes)
        self._foreseen(axes)
        self._finals(axes)
        self._bounds(axes)
        if self._is_wide():
            axes.set_xscale("log")
            axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))  # the usual one writes TeX, which is not parsed
        self._step(axes)
        label(axes, self.x, self.y)
        if self.note:
            axes.set_xlabel(f"{self.x}\n{self.note}")

    def in_view(self, bound: float) -> bool:
        """Whether a bound on x is near enough to the points to be drawn without pressing them together."""
        return _is_near(bound, self._xs)

    @cached_property
    def _xs(self) -> list[float]:
        return [*(p.x for p in (*self.points, *self.finals)), *(p.x for p in self.foreseen)]

    def _measured(self, axes: Axes) -> None:
        """Those that violate a limit are hollow."""
        for meets in (True, False):
            points = [point for point in self.points if point.meets_limits == meets]
            if points and self.shade is not None:
                _shaded(axes, points, self.shade, filled=meets)
            elif points:
                _by_origin(axes, points, filled=meets)
        if self.knee is not None:
            axes.scatter(self.knee.x, self.knee.y, s=130, facecolors="none", edgecolors=FRONT.light, label="knee")

    def _foreseen(self, axes: Axes) -> None:
        if self.foreseen:
            axes.errorbar(
                [one.x for one in self.foreseen], [one.mean for one in self.foreseen],
                yerr=[one.std for one in self.foreseen], fmt="d", markersize=6, markerfacecolor="none", elinewidth=1.0,
                capsize=2.5, color=FAINT.light, label="predicted", zorder=1.8,
            )  # fmt: skip

    def _finals(self, axes: Axes) -> None:
        if self.finals:
            xs, ys = [p.x for p in self.finals], [p.y for p in self.finals]
            axes.scatter(
                xs, ys, s=44, marker="o", facecolors="none", edgecolors=INK.light, linewidths=1.2, label="final"
            )
        if self.winner is not None:
            axes.scatter(self.winner.x, self.winner.y, s=150, marker="*", color=INK.light, zorder=4, label="winner")

    def _bounds(self, axes: Axes) -> None:
        name: str | None = "limit"
        for bound in filter(self.in_view, self.limits):
            axes.axvline(bound, color=LIMIT.light, linewidth=1.3, label=name)
            name = None
        for bound in self.y_limits:
            if _is_near(bound, [p.y for p in (*self.points, *self.finals)]):
                axes.axhline(bound, color=LIMIT.light, linewidth=1.3, label=name)
                name = None
        for reference, cost in self.references.items():
            if self.in_view(cost):
                axes.axvline(cost, color=FAINT.light, linewidth=1.0, linestyle=(0, (2, 3)), zorder=1)
                axes.annotate(
                    clipped(reference, NAME_LENGTH), (cost, 1.0), xycoords=("data", "axes fraction"), fontsize=8,
                    rotation=90, ha="right", va="top", color=FAINT.light,
                )  # fmt: skip

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


def _is_near(bound: float, values: Sequence[float]) -> bool:
    span = max(values) - min(values)
    return min(values) - span <= bound <= max(values) + span


def _shaded(axes: Axes, points: Sequence[Point], shade: Shade, *, filled: bool) -> None:
    """In the colours of the third quantity, whose scale stands beside the picture."""
    low, high = min(shade.values.values()), max(shade.values.values())
    values = [shade.values[point.trial.ticket] for point in points]
    drawn = axes.scatter(
        [p.x for p in points], [p.y for p in points], c=values, cmap=RAMP, vmin=low, vmax=high, s=24, zorder=2,
        marker="o" if filled else "x", label="measured" if filled else "violates a limit",
    )  # fmt: skip
    figure = axes.get_figure()
    if filled and figure is not None:
        figure.colorbar(drawn, ax=axes, label=str(shade.axis), format=EngFormatter() if high >= LARGE else None)


def _by_origin(axes: Axes, points: Sequence[Point], *, filled: bool) -> None:
    """One colour and one marker for each origin; origins that are not ours share what is left."""
    found = {point.trial.origin for point in points}
    for name in [*(name for name in ORIGINS if name in found), *sorted(found.difference(ORIGINS))]:
        place = ORIGINS.index(name) if name in ORIGINS else len(ORIGINS)
        chosen = [point for point in points if point.trial.origin == name]
        colour = SERIES[place].light
        axes.scatter(
            [p.x for p in chosen], [p.y for p in chosen], s=24, marker=MARKERS[place], zorder=2,
            facecolors=colour if filled else "none", edgecolors=PAPER.light if filled else colour,
            linewidths=0.5 if filled else 1.2, label=name if filled else f"{name}, violates a limit",
        )  # fmt: skip


def label(axes: Axes, x: Axis, y: Axis) -> None:
    """Names of the axes; large numbers with k, M or G; the legend above, where it hides nothing."""
    axes.set(xlabel=str(x), ylabel=str(y))
    if x.unit and axes.get_xlim()[1] >= LARGE:
        axes.xaxis.set_major_formatter(EngFormatter())
    figure = axes.get_figure()
    assert figure is not None
    if axes.get_legend_handles_labels()[1]:
        figure.legend(loc="outside upper left", ncols=NUM_COLUMNS, handletextpad=0.5, columnspacing=1.2)
