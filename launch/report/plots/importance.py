"""Charts of which choices matter, painted on given axes. Which data they show is decided elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from launch.report.facts import Interval
from launch.report.plots.draw import FAINT, INK, SERIES
from launch.report.plots.trials import Axis, label
from launch.report.view import clipped

OPTIONS_SIZE = (2.9, 2.2)  # inches
NAME_LENGTH = 24
OPTION_LENGTH = 9
MAX_LABELS = 6


def bars_size(num_bars: int) -> tuple[float, float]:
    """Inches that give every bar the same height."""
    return 5.4, 0.75 + 0.23 * num_bars


@dataclass(frozen=True, slots=True, kw_only=True)
class BarsPlot:
    """A bar for each decision, the longest on top, with intervals where they are known."""

    names: Sequence[str]
    shares: Sequence[Interval]

    def __call__(self, axes: Axes) -> None:
        places = np.arange(len(self.names))
        axes.barh(places, [one.value for one in self.shares], height=0.66, color=SERIES[0].light)
        known = [(place, one) for place, one in zip(places, self.shares, strict=True) if one.is_known]
        axes.hlines(
            [place for place, _ in known], [one.low for _, one in known], [one.high for _, one in known],
            color=INK.light, linewidth=1.2,
        )  # fmt: skip
        axes.set_yticks(places, [clipped(name, NAME_LENGTH) for name in self.names])
        axes.set(xlim=(0, None), ylim=(len(places) - 0.4, -0.6))
        axes.grid(visible=False, axis="y")
        axes.tick_params(axis="y", length=0)
        axes.xaxis.set_major_formatter(PercentFormatter(1.0))
        label(axes, Axis(name="share of the variance of the prediction"), Axis(name=""))


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionsPlot:
    """The prediction for each option of one decision with all else equal, in the order of its options.

    `span` is the vertical axis, the same for decisions that are to be compared.
    """

    name: str
    options: Sequence[str]
    objective: str
    mean: Float[np.ndarray, "o"]
    half_width: Float[np.ndarray, "o"]
    overall: float
    span: tuple[float, float]

    def __call__(self, axes: Axes) -> None:
        places = np.arange(len(self.options))
        axes.axhline(self.overall, color=FAINT.light, linewidth=1.0, zorder=1)
        axes.errorbar(
            places, self.mean, yerr=np.nan_to_num(self.half_width), fmt="o-", markersize=4.5, linewidth=1.0,
            elinewidth=1.1, color=SERIES[0].light,
        )  # fmt: skip
        shown = places[:: -(-len(places) // MAX_LABELS)]
        axes.set_xticks(shown, [clipped(self.options[place], OPTION_LENGTH) for place in shown])
        axes.set(xlim=(-0.5, len(places) - 0.5), ylim=self.span)
        label(axes, Axis(name=clipped(self.name, NAME_LENGTH)), Axis(name=self.objective))
