"""All that a report is made of, read from a run folder once; the run may still be going on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from jaxtyping import Float

from launch.pricing import Pricing
from launch.session import WINNER_FORMAT, FolderError, RunFolder, far_off_text, targets
from launch.session.session import Session, open_session
from nas.costs import Limit
from nas.latency import LatencyTable, read
from nas.record import PHASES, TaskCard, Trial
from nas.space import Architecture


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """From the start of the first trial to the end of the last one that has ended, in UTC."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """A run's data as a report shows them.

    Attributes:
      session: its predictor knows what the lower rungs have shown.
      opened: the same as it was opened, to read on from.
      card: the task's words.
      total: search trials that the latest search asked for.
      points: operating points that were trained beyond them, or are to be.
      search, finals: the trials of each phase by ticket; of a search with rungs those at the full fidelity.
      winner: winner.json, None as long as there is none.
      driver: the process that holds the run, None if nobody does. A run that is done is not asked.
      span: None until a trial has ended.
    """

    session: Session
    opened: Session
    card: TaskCard
    pricing: Pricing
    latency: tuple[LatencyTable, ...]
    limits: tuple[Limit, ...]
    binding: tuple[Limit, ...]
    total: int
    points: int
    search: tuple[Trial, ...]
    finals: tuple[Trial, ...]
    winner: Mapping[str, Any] | None
    driver: str | None
    span: Span | None

    @property
    def objective(self) -> str:
        return self.session.objective

    @property
    def objective_label(self) -> str:
        """The objective's name with its unit, for the head of a column or an axis."""
        return self.card.metric(self.objective).label

    @property
    def every(self) -> list[Trial]:
        """The search's trials on every rung, by ticket: what the latest search was asked for is counted in them."""
        return self.session.trials("search")

    @property
    def complete(self) -> list[Trial]:
        """Search trials that were measured."""
        return [trial for trial in self.search if trial.state == "complete"]

    def measured(self, trials: Sequence[Trial]) -> Float[np.ndarray, " n"]:
        """The objective of complete search trials, in their order, as predictors learn it: see `nas.search.targets`."""
        known = dict(
            zip([trial.ticket for trial in self.complete], targets(self.complete, self.objective), strict=True)
        )
        return np.array([known[trial.ticket] for trial in trials])

    @property
    def edge(self) -> str:
        """What a picture of the search trials says where some are far off; else ""."""
        far = far_off_text(self.complete, self.objective)
        return " Trials that are absurdly far off are drawn at the edge." if far else ""

    @property
    def is_done(self) -> bool:
        """There is a winner, and no larger search has been asked for since."""
        return self.winner is not None and int(self.winner["num_trials"]) >= self.total

    def yardsticks(self) -> dict[str, Architecture]:
        """What a search must be better than: the baseline network, and the design's median and best by search error.

        As `launch.run.finals` trains them again; told by architecture, because a final's origin does not tell all: one
        that the predictor had wanted before the run was extended stays "predicted".
        """
        baseline = self.session.experiment.baseline
        known = {f"baseline {baseline}": self.pricing.space.reference(baseline)} if baseline else {}
        search = self.session.trials("search") if self.session.experiment.rungs else self.search
        design = sorted(
            (trial for trial in search if trial.origin == "design" and trial.state == "complete"),
            key=lambda trial: trial.metrics[self.objective],
        )
        if design:
            known |= {"design median": design[len(design) // 2].architecture, "design best": design[0].architecture}
        return known

    def roles(self, architecture: Architecture) -> list[str]:
        """Which yardsticks an architecture is."""
        return [name for name, other in self.yardsticks().items() if other == architecture]


def read_facts(folder: RunFolder) -> Facts:
    """Read a run.

    Raises:
      FolderError: there is no run, or it is too young to have been priced.
      HistoryError: its record cannot be read.
      CardError: the task's words in it cannot be read.
    """
    session = open_session(folder)
    latency = tuple(_latency_table(folder, device.key) for device in session.experiment.devices)
    return _facts(session, session.pricing(), latency)


def read_facts_again(facts: Facts) -> Facts:
    """Read on in the record of a run that goes on; prices stay what they were.

    Raises:
      FolderError, HistoryError, CardError: see `read_facts`.
    """
    return _facts(facts.opened.later(), facts.pricing, facts.latency)


def _facts(session: Session, pricing: Pricing, latency: tuple[LatencyTable, ...]) -> Facts:
    folder = session.folder
    plan = session.history.notes().get("plan:search", {"total": session.experiment.num_trials})
    winner, points = _winner(folder), plan.get("points", 0)
    is_done = winner is not None and int(winner["num_trials"]) >= plan["total"] - points
    return Facts(
        session=session.informed(pricing),
        opened=session,
        card=session.card,
        pricing=pricing,
        latency=latency,
        limits=tuple(pricing.limit(text) for text in session.settings["limits"]),
        binding=session.binding(pricing),
        total=plan["total"] - points,
        points=points,
        search=tuple(session.full_trials()),
        finals=tuple(session.finals()),
        winner=winner,
        driver=None if is_done else folder.driver(),
        span=_span([trial for phase in PHASES for trial in session.trials(phase)]),
    )


def _latency_table(folder: RunFolder, device: str) -> LatencyTable:
    path = folder.latency_table(device)
    if not path.exists():
        raise FolderError(f"a report needs the run's latency table, {path} is not there yet; wait for the first trial")
    return read(path)


def _winner(folder: RunFolder) -> Mapping[str, Any] | None:
    if not folder.winner.exists():
        return None
    record = folder.read_json(folder.winner)
    if record.get("format") != WINNER_FORMAT:
        raise FolderError(
            f"{folder.winner} has format {record.get('format')!r}, this version reads {WINNER_FORMAT}; "
            "report with the version that wrote it"
        )
    return record


def _span(trials: Sequence[Trial]) -> Span | None:
    """When the trials ran, as far as they have ended."""
    times = [(datetime.fromisoformat(t.ended), timedelta(seconds=t.duration_s or 0.0)) for t in trials if t.ended]
    if not times:
        return None
    return Span(start=min(end - duration for end, duration in times), end=max(end for end, _ in times))
