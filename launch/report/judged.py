"""How good the predictor is: the record in winner.json, and a picture of every trial predicted by a fit without it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float
from scipy.special import ndtri

from launch.judging import NUM_FOLDS, held_out
from launch.report.draw import svg
from launch.report.facts import Facts
from launch.report.heldout import judgement
from launch.report.plots import AgreementPlot
from launch.report.view import Chart, Table, amount, header, percent, score, words
from nas.predictor import Prediction
from nas.ranking import PredictorQuality, quality

MAX_POINTS = 1000  # beyond it, fitting ten times takes minutes
LEVEL = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """`sentences` say what `table` means; there is no chart for too few or too many trials."""

    table: Table
    sentences: tuple[str, ...]
    chart: Chart | None


def judged(facts: Facts) -> Judged | None:
    """The predictor's section; None where there is neither a record nor two trials to make one from."""
    prediction = _held_out(facts)
    found = _recorded(facts.winner) if facts.is_done else None
    if found is None and prediction is not None:
        found = quality(prediction, _measured(facts))
    if found is None:
        return None
    chart = None if prediction is None else _chart(facts, prediction)
    return Judged(table=_table(found), sentences=judgement(found), chart=chart)


def _recorded(winner: Mapping[str, Any] | None) -> PredictorQuality | None:
    return None if winner is None else PredictorQuality(**winner["predictor"])


def _measured(facts: Facts) -> Float[np.ndarray, " n"]:
    return np.array([trial.metrics[facts.objective] for trial in facts.complete])


def _held_out(facts: Facts) -> Prediction | None:
    if not 2 <= len(facts.complete) <= MAX_POINTS:
        return None
    return held_out(facts.session.experiment, facts.pricing, facts.complete, facts.session.seed)


def _chart(facts: Facts, prediction: Prediction) -> Chart:
    measured = _measured(facts)
    half_width = float(ndtri(0.5 + LEVEL / 2)) * prediction.std
    plot = AgreementPlot(
        objective=facts.objective,
        measured=measured,
        mean=prediction.mean,
        half_width=half_width,
        inside=np.abs(measured - prediction.mean) <= half_width,
    )
    return Chart(
        svg=svg(plot, "agreement"),
        label=f"Predicted against measured {facts.objective} of {len(measured)} search trials.",
        caption=f"Each search trial predicted by a fit that has not seen it ({min(NUM_FOLDS, len(measured))} folds); "
        f"bars are {LEVEL:.0%} intervals. On the line, predicted and measured are equal.",
    )


def _table(found: PredictorQuality) -> Table:
    values = (
        ("trials predicted without having been seen", amount(found.num_points)),
        ("Kendall tau (1 ranks perfectly, 0 not at all)", score(found.kendall_tau)),
        ("Spearman", score(found.spearman)),
        ("RMSE, in the objective's unit", score(found.rmse)),
        (f"regret of measuring only its {found.top_k} favourites", score(found.top_k_regret)),
        ("inside its 50 % intervals", words(percent(found.coverage_50), "number")),
        ("inside its 80 % intervals", words(percent(found.coverage_80), "number")),
        ("inside its 95 % intervals", words(percent(found.coverage_95), "number")),
    )
    return Table(
        header=header("cross-validated", numbers=("value",)), rows=tuple((words(name), cell) for name, cell in values)
    )
