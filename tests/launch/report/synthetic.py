"""Runs that were never run: the facts of a real one with other search trials."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np

from launch.report.facts.facts import Facts
from nas.record import Trial
from nas.search import Predictor
from tests.experiments.tiny import SPACE

START = datetime(2026, 1, 1, tzinfo=UTC)


def trials(values: Sequence[float], *, seed: int = 0, ended: Sequence[int] | None = None) -> tuple[Trial, ...]:
    """Complete search trials of random architectures of the tiny space with these errors.

    `ended` is the place of each ticket in the order of ending; without it they end in the order of tickets.
    """
    rows = SPACE.sample(len(values), np.random.default_rng(seed)).tolist()
    places = range(len(values)) if ended is None else ended
    times = [(START + timedelta(minutes=place)).isoformat() for place in places]
    return tuple(
        Trial(
            phase="search", ticket=ticket, architecture=tuple(row), fidelity=1, origin="design", state="complete",
            metrics={"error": float(value)}, duration_s=1.0, ended=time,
        )
        for ticket, (row, value, time) in enumerate(zip(rows, values, times, strict=True))
    )  # fmt: skip


def with_trials(facts: Facts, search: Sequence[Trial], predictor: Predictor | None = None) -> Facts:
    """The facts of a run that has no winner yet and these search trials; another predictor if one is given."""
    experiment = facts.session.experiment
    session = replace(facts.session, experiment=replace(experiment, predictor=predictor or experiment.predictor))
    return replace(facts, session=session, search=tuple(search), finals=(), winner=None)
