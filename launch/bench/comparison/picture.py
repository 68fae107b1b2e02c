"""Plot of a comparison's curves with their bands, on given axes."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import StrMethodFormatter

from launch.bench.comparison.comparison import Comparison
from launch.report.plots.draw import SERIES, png

LINES = ("-", "--", ":")
BAND = 0.14
NUM_COLUMNS = 4
DECADES = 3.0
"""A regret that comes closer to 0 than this below its start is drawn at the bottom."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CurvesPlot:
    """Regret on a logarithmic axis, or hypervolume; each strategy in a colour and line of its own."""

    comparison: Comparison

    def __call__(self, axes: Axes) -> None:
        arena = self.comparison.arena
        alone = len(arena.objectives) == 1
        trained = np.arange(1, self.comparison.course.num_trials + 1)
        for standing, (colour, line) in zip(self.comparison.standings, _styles(), strict=False):
            mean, low, high = standing.curve if alone else 1 - standing.curve
            axes.step(trained, mean, line, where="post", color=colour, linewidth=1.5, label=standing.name)
            axes.fill_between(trained, low, high, step="post", color=colour, alpha=BAND, linewidth=0)
        highest = max(standing.curve[2].max() for standing in self.comparison.standings)
        if alone and highest > 0:
            axes.set_yscale("log", nonpositive="clip")
            axes.set_ylim(highest / 10**DECADES, highest * 1.2)
            axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))  # powers need maths, which names switch off
        names = ", ".join(arena.objectives)
        axes.set(
            xlabel="trained architectures",
            ylabel=f"regret, {names}" if alone else f"hypervolume, {names}, share of the front's",
        )
        figure = axes.get_figure()
        assert figure is not None
        figure.legend(loc="outside upper left", ncols=NUM_COLUMNS, columnspacing=1.2)


def picture(comparison: Comparison) -> bytes:
    """The plot as a PNG."""
    return png(CurvesPlot(comparison=comparison))


def _styles() -> Iterator[tuple[str, str]]:
    for i in range(len(SERIES) * len(LINES) * 100):
        yield SERIES[i % len(SERIES)].light, LINES[i // len(SERIES) % len(LINES)]
