"""One front on a page or a picture of its own: what `nas front --html` and `--png` write."""

from collections.abc import Sequence
from dataclasses import dataclass

from launch.pricing import Pricing
from launch.report.facts import Point
from launch.report.page import page
from launch.report.plots.draw import png, svg
from launch.report.plots.trials import Axis, FrontPlot
from launch.report.view import Cell, Chart, Table, amount, header, named, score, words
from launch.session.session import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A front with its plot and the run's name."""

    run_name: str
    plot: FrontPlot

    def html(self) -> str:
        """A self-contained page."""
        x, y = self.plot.x.name, self.plot.y.name
        num_points, num_front = len(self.plot.points), len(self._front())
        chart = Chart(
            svg=svg(self.plot, "front"),
            label=f"Scatter of {y} against {x} for {num_points} search trials, with the front.",
            caption=f"{num_front} of {num_points} search trials are on the front: none is better in {x} or {y} and at "
            "least as good in the other; both are minimised. Resources are predicted, metrics measured.",
        )
        return page("front.html", title=f"{self.run_name}: {y} against {x}", content=chart, front=self._table())

    def png(self) -> bytes:
        return png(self.plot)

    def _front(self) -> list[Point]:
        return [point for point in self.plot.points if point.on_front]

    def _table(self) -> Table:
        return Table(
            header=header("trial", "proposed by", numbers=(str(self.plot.x), str(self.plot.y))),
            rows=tuple(
                (
                    named(f"search-{point.trial.ticket}"),
                    words(point.trial.origin),
                    _value(point.x, self.plot.x),
                    _value(point.y, self.plot.y),
                )
                for point in self._front()
            ),
        )


def sheet(session: Session, pricing: Pricing, points: Sequence[Point], x: str, y: str) -> Sheet:
    """The sheet of `points` on the axes x and y; limits on x are drawn."""
    limits = [pricing.limit(text) for text in session.settings["limits"]]
    return Sheet(
        run_name=session.folder.path.resolve().name,
        plot=FrontPlot(
            x=_axis(x, session, pricing),
            y=_axis(y, session, pricing),
            points=points,
            limits=[limit.bound for limit in limits if limit.resource == x],
        ),
    )


def _axis(name: str, session: Session, pricing: Pricing) -> Axis:
    is_resource = name in pricing.tables
    return Axis(name=name, unit=pricing.unit(name) if is_resource else session.card.metric(name).unit)


def _value(value: float, axis: Axis) -> Cell:
    return amount(value) if axis.unit else score(value)
