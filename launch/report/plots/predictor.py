"""Charts of how good a predictor is, painted on given axes. Which data they show is decided elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, PercentFormatter

from launch.report.facts import CURVE, LEVELS, Calibration, Interval
from launch.report.facts.learning_curve import Learning
from launch.report.plots.draw import FAINT, FRONT, SERIES, Colour
from launch.report.plots.trials import Axis, label

BAND = 0.22  # opacity
APART = 0.012  # of the two series of a calibration, so that their bars do not hide each other


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementPlot:
    """Predicted against measured, each point predicted by a fit that has not seen it, with its 80 % interval."""

    objective: str
    measured: Float[np.ndarray, "n"]
    mean: Float[np.ndarray, "n"]
    half_width: Float[np.ndarray, "n"]
    inside: Bool[np.ndarray, "n"]

    def __call__(self, axes: Axes) -> None:
        for inside, colour, name in ((True, SERIES[0], "inside its interval"), (False, SERIES[1], "outside")):
            self._bars(axes, self.inside == inside, colour, name)
        ends = [min(self.measured.min(), self.mean.min()), max(self.measured.max(), self.mean.max())]
        axes.plot(ends, ends, color=FAINT.light, linewidth=1.0, zorder=1, label="equal")
        label(axes, Axis(name=f"measured {self.objective}"), Axis(name=f"predicted {self.objective}"))

    def _bars(self, axes: Axes, chosen: Bool[np.ndarray, "n"], colour: Colour, name: str) -> None:
        if not chosen.any():
            return
        axes.errorbar(
            self.measured[chosen],
            self.mean[chosen],
            yerr=self.half_width[chosen],
            fmt="o" if colour is SERIES[0] else "D",
            markersize=4,
            elinewidth=0.9,
            color=colour.light,
            label=name,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationPlot:
    """Share of trials inside intervals against the level that these claim: held out, and predicted ahead."""

    held_out: Calibration
    ahead: Calibration | None

    def __call__(self, axes: Axes) -> None:
        axes.plot([0, 1], [0, 1], color=FAINT.light, linewidth=1.0, zorder=1, label="as claimed")
        self._shares(axes, self.held_out, -APART, SERIES[0], "cross-validated")
        if self.ahead is not None:
            self._shares(axes, self.ahead, APART, SERIES[1], "before training")
        axes.set(xlim=(0, 1), ylim=(-0.02, 1.02))
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(PercentFormatter(1.0))
        label(axes, Axis(name="level that the interval claims"), Axis(name="trials inside"))

    def _shares(self, axes: Axes, found: Calibration, shift: float, colour: Colour, name: str) -> None:
        axes.plot(CURVE, found.curve, color=colour.light, linewidth=0.8, alpha=0.6)
        _marks(axes, [level + shift for level in LEVELS], found.shares, colour, name)


@dataclass(frozen=True, slots=True, kw_only=True)
class TauPlot:
    """Kendall tau at each step: of what was known by then, and of what came next."""

    learning: Learning

    def __call__(self, axes: Axes) -> None:
        steps = self.learning.steps
        counts = [step.num_known for step in steps]
        known = [step.known for step in steps]
        axes.axhline(0.0, color=FAINT.light, linewidth=1.0, zorder=1)
        axes.fill_between(
            counts, [tau.low for tau in known], [tau.high for tau in known],
            color=SERIES[0].light, alpha=BAND, linewidth=0,
        )  # fmt: skip
        axes.plot(
            counts, [tau.value for tau in known], marker="o", markersize=4, color=SERIES[0].light, label="known trials"
        )
        coming = [(step.num_known, step.coming) for step in steps if step.coming is not None and step.coming.is_known]
        _marks(axes, [count for count, _ in coming], [tau for _, tau in coming], SERIES[1], "the next trials")
        axes.set_ylim(min(0.0, axes.get_ylim()[0]), 1.05)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        label(axes, Axis(name="complete trials"), Axis(name="Kendall tau"))


@dataclass(frozen=True, slots=True, kw_only=True)
class RegretPlot:
    """How far the best so far was from the best of the run, and what the predictor's favourites would have lost."""

    objective: str
    learning: Learning

    def __call__(self, axes: Axes) -> None:
        values, steps = self.learning.values, self.learning.steps
        counts = np.arange(1, len(values) + 1)
        axes.step(
            counts, np.minimum.accumulate(values) - values.min(), where="post", color=FRONT.light, linewidth=1.4,
            label="best so far",
        )  # fmt: skip
        axes.plot(
            [step.num_known for step in steps], [step.regret for step in steps], marker="o", markersize=4,
            linewidth=1.0, color=SERIES[0].light, label="favourite tenth",
        )  # fmt: skip
        axes.set_ylim(bottom=-0.02 * axes.get_ylim()[1])  # a line at 0 stays in view
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        label(axes, Axis(name="complete trials"), Axis(name=f"regret in {self.objective}"))


def _marks(axes: Axes, xs: Sequence[float | int], found: Sequence[Interval], colour: Colour, name: str) -> None:
    """Figures with their intervals."""
    if not found:
        return
    axes.vlines(xs, [one.low for one in found], [one.high for one in found], color=colour.light, linewidth=1.1)
    axes.scatter(
        xs,
        [one.value for one in found],
        s=22,
        marker="o" if colour is SERIES[0] else "D",
        color=colour.light,
        label=name,
        zorder=3,
    )
