"""Section on predictor quality: the record in winner.json, and the same predictions looked at from every side.

Each complete search trial is predicted by a fit that has not seen it: held out at random here, before it was trained in
`launch.report.facts.learning_curve`. Which choices matter to the predictor is in `launch.report.sections.importance`.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from scipy.special import ndtri

from launch.report.facts import LEVELS, calibration, share
from launch.report.facts.facts import Facts
from launch.report.facts.learning_curve import FAVOURITES, FIRST, Learning, Step, learning
from launch.report.plots.draw import svg
from launch.report.plots.predictor import AgreementPlot, CalibrationPlot, RegretPlot, TauPlot
from launch.report.sections.importance import Matters, matters
from launch.report.sections.trust import chance_tau, judgement
from launch.report.view import UNKNOWN, Cell, Chart, Table, amount, counted, header, score, words
from launch.session import NUM_FOLDS, far_off_text, held_out, near_limit
from nas.search import MIN_NEAR, Prediction, PredictorQuality, quality

MAX_POINTS = 1000  # beyond it, fitting a hundred times takes minutes
LEVEL = 0.8
NEAR = "tau_near_limit"  # in winner.json, where it may be unknown
FIGURES = tuple(figure.name for figure in fields(PredictorQuality))


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How the predictor did as trials came in; without charts, `sentences` say why."""

    sentences: tuple[str, ...]
    charts: tuple[Chart, ...] = ()
    table: Table | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """The section: `sentences` explain `table` and what it leaves out; a text in place of `matters` says why."""

    table: Table | None
    sentences: tuple[str, ...]
    charts: tuple[Chart, ...]
    course: Course
    matters: Matters | str


def unseen(facts: Facts) -> Prediction | None:
    """Each complete search trial, by ticket, as predicted by a fit without it; None for too few or too many of them."""
    if not 2 <= len(facts.complete) <= MAX_POINTS:
        return None
    return held_out(facts.session.experiment, facts.pricing, facts.complete, facts.session.seed)


def judged(facts: Facts, prediction: Prediction | None) -> Judged | str:
    """The predictor's section, or the sentence that says why there is none.

    Args:
      prediction: see `unseen`.
    """
    if len(facts.complete) < 2:
        return "There are too few complete trials to judge a predictor."
    found = _recorded(facts.winner) if facts.is_done else None
    if found is None and prediction is not None:
        near = near_limit(facts.pricing, facts.binding, facts.complete)
        found = quality(prediction, facts.measured(facts.complete), near=near)
    learned = None if prediction is None else learning(facts, prediction)
    is_doubtful = found is not None and found.kendall_tau <= chance_tau(found.num_points)
    return Judged(
        table=None if found is None else _table(found),
        sentences=(*_judgement(facts, found), *_choice(facts), *_left_out(facts)),
        charts=() if prediction is None else (_agreement(facts, prediction), _calibration(facts, prediction, learned)),
        course=_course(facts, learned),
        matters=matters(facts, is_replicated=prediction is not None, is_doubtful=is_doubtful),
    )


def _recorded(winner: Mapping[str, Any] | None) -> PredictorQuality | None:
    """Predictor quality as the search found it; JSON has null for a figure that is not known."""
    if winner is None:
        return None
    kept = winner["predictor"]
    known: dict[str, Any] = {name: math.nan if kept[name] is None else kept[name] for name in FIGURES if name in kept}
    return PredictorQuality(**{**known, NEAR: kept.get(NEAR)})


def _choice(facts: Facts) -> list[str]:
    """What a predictor that chooses between ways of learning has chosen, and why."""
    choice = facts.winner["predictor"].get("choice") if facts.is_done and facts.winner is not None else None
    return [f"It has chosen {choice}."] if choice else []


def _judgement(facts: Facts, found: PredictorQuality | None) -> tuple[str, ...]:
    if found is None:
        return ()
    if np.ptp(facts.measured(facts.complete)) == 0:
        return (f"Every trial measured the same {facts.objective}: there is nothing to rank, so tau is 0.",)
    return judgement(found)


def _left_out(facts: Facts) -> list[str]:
    """What these figures do not hold, and why."""
    told = [f"{far}."] if (far := far_off_text(facts.complete, facts.objective)) else []
    num_failed = sum(trial.state == "failed" for trial in facts.search)
    if num_failed:
        told.append(f"Left out: {counted(num_failed, 'failed trial')}, which measured nothing.")
    if len(facts.complete) > MAX_POINTS:
        told.append(
            f"With more than {MAX_POINTS:,} complete trials, fitting again and again would take minutes: there are no "
            "pictures of held-out predictions here, and no intervals below."
        )
    return told


def _agreement(facts: Facts, prediction: Prediction) -> Chart:
    measured = facts.measured(facts.complete)
    half_width = float(ndtri(0.5 + LEVEL / 2)) * prediction.std
    plot = AgreementPlot(
        objective=facts.objective_label,
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


def _calibration(facts: Facts, prediction: Prediction, learned: Learning | None) -> Chart:
    found = calibration(prediction, facts.measured(facts.complete))
    ahead = None if learned is None else learned.foretold.calibration
    what = "" if ahead is None else f", and of {counted(ahead.num_points, 'trial')} predicted before being known"
    return Chart(
        svg=svg(CalibrationPlot(held_out=found, ahead=ahead), "calibration"),
        label=f"Share of {found.num_points} trials inside their predicted intervals, by the level of the interval.",
        caption=f"Share of {found.num_points} held-out trials inside their intervals{what}. Below the line the "
        "predictor is overconfident, above it timid. Bars: 95% intervals of a binomial share.",
    )


def _course(facts: Facts, learned: Learning | None) -> Course:
    if len(facts.complete) > MAX_POINTS:
        return Course(sentences=(f"Not drawn for more than {MAX_POINTS:,} complete trials.",))
    if learned is None:
        return Course(
            sentences=(
                f"This takes {FIRST + 1} complete trials ({FIRST} to learn from and one to predict); there are "
                f"{len(facts.complete)}.",
            )
        )
    return Course(
        sentences=(_on_foretold(learned),),
        charts=(_tau_chart(learned), _regret_chart(facts, learned)),
        table=_steps_table(facts, learned.steps),
    )


def _on_foretold(learned: Learning) -> str:
    """How well the predictor ranked trials before they were known, which is what a search lives by."""
    found = learned.foretold
    if not found.tau.is_known:
        came = counted(found.num_points, "trial")
        return f"{came} came after the first {FIRST}: too few, or too much alike, to rank ahead."
    doubt = "" if found.tau.low > 0 else ", which cannot be told from chance"
    inside = found.calibration.shares[LEVELS.index(LEVEL)]
    return (
        f"The {found.num_points} trials after the first {FIRST}, each predicted from what was known before it: tau "
        f"{found.tau.as_score()}{doubt}; {inside.as_percent()} of them lie inside their {LEVEL:.0%} intervals. This is "
        "what the search lived by."
    )


def _tau_chart(learned: Learning) -> Chart:
    return Chart(
        svg=svg(TauPlot(learning=learned), "tau"),
        label="Kendall tau at each step: of the trials known by then, and of the trials that came next.",
        caption="Known trials: each predicted by a fit without it. The next trials: the ten or more that came next, "
        "predicted by a fit to all known ones; a guided search goes on to good ones, which differ little and are hard "
        "to rank. Shade and bars: 95% intervals (bootstrap over trials).",
    )


def _regret_chart(facts: Facts, learned: Learning) -> Chart:
    return Chart(
        svg=svg(RegretPlot(objective=facts.objective_label, learning=learned), "regret"),
        label=f"Regret in {facts.objective} by the number of complete trials.",
        caption="Best so far: less the best search trial of the run, in the order in which trials ended. Favourite "
        f"tenth: what would be lost by measuring only one in {FAVOURITES} of the known trials, those that a fit "
        "without them likes best.",
    )


def _steps_table(facts: Facts, steps: tuple[Step, ...]) -> Table:
    columns = header(
        "complete trials",
        numbers=(
            "tau of these",
            "next trials",
            "tau of the next",
            "regret of the favourite tenth",
            f"best {facts.objective_label}",
        ),
    )
    return Table(header=columns, rows=tuple(_step_row(step) for step in steps))


def _step_row(step: Step) -> tuple[Cell, ...]:
    return (
        words(str(step.num_known), "number"),
        words(step.known.as_score(), "number"),
        words(str(step.num_next) if step.num_next else UNKNOWN, "number"),
        words(UNKNOWN if step.coming is None else step.coming.as_score(), "number"),
        score(step.regret),
        score(step.best),
    )


def _near(found: PredictorQuality) -> Cell:
    if found.tau_near_limit is None:
        return words(f"{UNKNOWN} (told from {MIN_NEAR} on)", "number")
    return score(found.tau_near_limit)


def _table(found: PredictorQuality) -> Table:
    inside = {
        level: share(value, found.num_points).as_percent()
        for level, value in zip(LEVELS, (found.coverage_50, found.coverage_80, found.coverage_95), strict=True)
    }
    values = (
        ("trials predicted without having been seen", amount(found.num_points)),
        ("Kendall tau (1 ranks perfectly, 0 not at all)", score(found.kendall_tau)),
        (f"the same among the {found.num_near_limit} trials near a limit", _near(found)),
        ("Spearman", score(found.spearman)),
        ("RMSE, in the objective's unit", score(found.rmse)),
        (f"regret of measuring only its {found.top_k} favourites", score(found.top_k_regret)),
        *((f"inside its {level:.0%} intervals", words(text, "number")) for level, text in inside.items()),
    )
    return Table(
        header=header("cross-validated", numbers=("value",)), rows=tuple((words(name), cell) for name, cell in values)
    )
