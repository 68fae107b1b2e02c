"""One front on a page or a picture of its own: what `nas front --html` and `--png` write."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from launch.pricing import Pricing
from launch.report.facts import Point, covered, knee, points_of, values_of
from launch.report.facts.foreseen import Foreseen
from launch.report.page import page
from launch.report.plots.draw import png, svg
from launch.report.plots.trials import Axis, FrontPlot, Shade
from launch.report.view import Cell, Chart, Table, amount, counted, header, listed, named, percent, score, shown, words
from launch.session.session import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A front with its plot and the run's name."""

    run_name: str
    plot: FrontPlot

    def html(self) -> str:
        """A self-contained page."""
        x, y = self.plot.x.name, self.plot.y.name
        chart = Chart(
            svg=svg(self.plot, "front"),
            label=f"Scatter of {y} against {x} for {len(self.plot.points)} search trials, with the front.",
            caption=" ".join(self._caption()),
        )
        return page("front.html", title=f"{self.run_name}: {y} against {x}", content=chart, front=self._table())

    def png(self) -> bytes:
        return png(replace(self.plot, note=self._volume()))

    def _caption(self) -> list[str]:
        plot, x, y = self.plot, self.plot.x.name, self.plot.y.name
        told = [
            f"{len(self._front())} of {len(plot.points)} search trials are on the front: none is better in {x} or {y} "
            "and at least as good in the other; both are minimised. Resources are predicted, metrics measured.",
            f"{self._volume()}.".capitalize(),
        ]
        told += [f"Knee: search-{plot.knee.trial.ticket}."] if plot.knee else []
        num_violating = sum(not point.meets_limits for point in plot.points)
        told += [f"Hollow: {counted(num_violating, 'trial')} that violate a limit."] if num_violating else []
        told += [f"Circles: finals, trained longer (fidelity {plot.finals[0].trial.fidelity})."] if plot.finals else []
        told += [
            f"Hollow diamonds: {counted(len(plot.foreseen), 'architecture')} that nobody trained, as the predictor "
            "expects them within the run's limits; bars are one standard deviation."
        ] if plot.foreseen else []  # fmt: skip
        unseen = [shown(bound) for bound in plot.limits if not plot.in_view(bound)]
        return [*told, *([f"Outside the picture: the limit {listed(unseen)} {plot.x.unit}."] if unseen else [])]

    def _volume(self) -> str:
        share = covered(self.plot.points)
        if share is None:
            return "hypervolume is not told: on one axis all trials are alike"
        return f"hypervolume {percent(share, decimals=1)} of the box between best and worst trial"

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


def sheet(
    session: Session,
    pricing: Pricing,
    points: Sequence[Point],
    x: str,
    y: str,
    *,
    colour: str | None = None,
    foreseen: Sequence[Foreseen] = (),
) -> Sheet:
    """The sheet of `points` on the axes x and y.

    Args:
      colour: a third quantity to show as colour.

    Raises:
      ValueError: it is unknown.
    """
    limits = [pricing.limit(text) for text in session.settings["limits"]]
    finals = _finals(session, pricing, x, y)
    return Sheet(
        run_name=session.folder.path.resolve().name,
        plot=FrontPlot(
            x=_axis(x, session, pricing),
            y=_axis(y, session, pricing),
            points=points,
            foreseen=foreseen,
            finals=finals,
            winner=_winner(session, finals),
            knee=knee(points),
            limits=[limit.bound for limit in limits if limit.resource == x],
            y_limits=[limit.bound for limit in limits if limit.resource == y],
            references=_references(pricing, x),
            shade=None if colour is None else _shade(session, pricing, points, colour),
        ),
    )


def _shade(session: Session, pricing: Pricing, points: Sequence[Point], name: str) -> Shade:
    trials = [point.trial for point in points]
    values = values_of(trials, pricing, name).tolist()
    tickets = [trial.ticket for trial in trials]
    return Shade(axis=_axis(name, session, pricing), values=dict(zip(tickets, values, strict=True)))


def _finals(session: Session, pricing: Pricing, x: str, y: str) -> Sequence[Point]:
    finals = [trial for trial in session.finals() if trial.state == "complete"]
    return points_of(finals, pricing, x, y) if finals else ()


def _winner(session: Session, finals: Sequence[Point]) -> Point | None:
    if not session.folder.winner.exists():
        return None
    name = session.folder.read_json(session.folder.winner)["trial"]
    return next((point for point in finals if f"final-{point.trial.ticket}" == name), None)


def _references(pricing: Pricing, x: str) -> dict[str, float]:
    if x not in pricing.tables:
        return {}
    return {name: pricing.costs(pricing.space.reference(name))[x] for name in sorted(pricing.space.references)}


def _axis(name: str, session: Session, pricing: Pricing) -> Axis:
    is_resource = name in pricing.tables
    return Axis(name=name, unit=pricing.unit(name) if is_resource else session.card.metric(name).unit)


def _value(value: float, axis: Axis) -> Cell:
    return amount(value) if axis.unit else score(value)
