"""Section on the importance of choices, by the predictor, among the architectures that meet the limits: see
`nas.search.importance`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy  # scipy.stats, which takes a second, is loaded where it is used
from jaxtyping import Float

from launch.pricing import within
from launch.report.facts import CONFIDENCE, Interval
from launch.report.facts.facts import Facts
from launch.report.plots.draw import svg
from launch.report.plots.importance import OPTIONS_SIZE, BarsPlot, OptionsPlot, bars_size
from launch.report.view import Cell, Chart, Table, header, listed, named, percent, score, words
from launch.session import fits_without_a_group
from nas.feasible import InfeasibleError, ScarceError
from nas.search import Fitted, fit_to_trials
from nas.search.importance import Estimate, Importance, Predict, importance
from nas.space import Choice

MIN_TRIALS = 4
NUM_GROUPS = 10
NUM_ROWS = (100, 1000)  # architectures to judge: as many as `NUM_PREDICTIONS` allow, between these
NUM_PREDICTIONS = 50_000
NUM_BARS = 15
NUM_EFFECTS = 4
AIR = 0.06  # above and below the charts of effects, as a share of their range
STREAM = 6  # of the run's seed


@dataclass(frozen=True, slots=True, kw_only=True)
class Matters:
    """The section: `effects` are those of the most important choices, read as `note` says; `table` has every choice."""

    sentences: tuple[str, ...]
    bars: Chart
    effects: tuple[Chart, ...]
    note: str
    table: Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One choice: its share of the variance, its spread, and what is predicted for each option, all else equal.

    `means` is NaN for an option of which too little is known to give it an interval; the unit is the objective's.
    """

    choice: Choice
    share: Interval
    spread: float
    means: Float[np.ndarray, "o"]
    half_widths: Float[np.ndarray, "o"]


def matters(facts: Facts, *, is_replicated: bool, is_doubtful: bool) -> Matters | str:
    """The section, or the sentence that says why there is none.

    Args:
      is_replicated: fit ten times more, for intervals.
      is_doubtful: the predictor ranks no better than chance.
    """
    if len(facts.complete) < MIN_TRIALS:
        return f"Which choices matter is not told before {MIN_TRIALS} trials are complete."
    num_groups = min(NUM_GROUPS, len(facts.complete)) if is_replicated else 0
    try:
        found = _importance(facts, num_groups)
    except (InfeasibleError, ScarceError) as error:
        return f"Which choices matter cannot be told: {error}."
    if not found.total.value.any():
        return f"The predictor expects the same {facts.objective} of every architecture: to it, no choice matters."
    findings = _findings(facts, found, num_groups)
    return Matters(
        sentences=_sentences(facts, findings, is_doubtful=is_doubtful),
        bars=_bars(facts, findings, num_groups),
        effects=_effects(facts, findings[:NUM_EFFECTS], found.mean),
        note=_note(facts, is_replicated=is_replicated),
        table=_table(facts, findings),
    )


def _importance(facts: Facts, num_groups: int) -> Importance:
    experiment, pricing, seed = facts.session.experiment, facts.pricing, facts.session.seed
    feasible = within(pricing, facts.binding, seed).feasible
    num_options = pricing.space.num_options
    num_rows = int(np.clip(NUM_PREDICTIONS // num_options.sum(), *NUM_ROWS))

    def mean_of(fitted: Fitted) -> Predict:
        return lambda population: fitted.predict_mean(pricing.features(population))

    return importance(
        mean_of(fit_to_trials(experiment.predictor, pricing.features, facts.complete, facts.objective)),
        [mean_of(part) for part in fits_without_a_group(experiment, pricing, facts.complete, num_groups)],
        population=feasible.sample(num_rows, np.random.default_rng((seed, STREAM))),
        num_options=num_options,
        is_feasible=feasible.contains,
    )


def _findings(facts: Facts, found: Importance, num_groups: int) -> list[Finding]:
    """The choices that leave something to decide, the most important first."""
    reach = float(scipy.stats.t.ppf((1 + CONFIDENCE) / 2, num_groups - 1)) if num_groups else np.nan
    findings = [
        Finding(
            choice=choice,
            share=_share(found.total, j, reach),
            spread=float(found.spread.value[j]),
            means=found.mean + _reliable(found.effects[j], num_groups),
            half_widths=reach * found.effects[j].error,
        )
        for j, choice in enumerate(facts.pricing.space.choices)
        if len(choice.options) > 1
    ]
    return sorted(findings, key=lambda one: -one.share.value)


def _reliable(effects: Estimate, num_groups: int) -> Float[np.ndarray, "o"]:
    """An option that only one group of architectures can have has no interval, and is left out."""
    return np.where(np.isfinite(effects.error) | (num_groups == 0), effects.value, np.nan)


def _share(total: Estimate, decision: int, reach: float) -> Interval:
    value, half_width = float(total.value[decision]), reach * float(total.error[decision])
    return Interval(value=value, low=max(0.0, value - half_width), high=min(1.0, value + half_width))


def _sentences(facts: Facts, findings: Sequence[Finding], *, is_doubtful: bool) -> tuple[str, ...]:
    first = listed([f"{one.choice.name} {one.share.as_percent()}" for one in findings[:3]])
    doubt = "The predictor's ranking cannot be told from chance: this is what it believes, and it may well be wrong."
    return (
        *([doubt] if is_doubtful else []),
        f"One choice redrawn, all others left as they are: how much that changes the predicted {facts.objective} among "
        f"{_judged_ones(facts)}. The largest shares of its variance: {first}.",
    )


def _judged_ones(facts: Facts) -> str:
    return "the architectures that meet the limits" if facts.limits else "all architectures"


def _bars(facts: Facts, findings: Sequence[Finding], num_groups: int) -> Chart:
    drawn, rest = findings[:NUM_BARS], findings[NUM_BARS:]
    plot = BarsPlot(names=[one.choice.name for one in drawn], shares=[one.share for one in drawn])
    left_out = f" The other {len(rest)}: {percent(rest[0].share.value, 1)} or less each." if rest else ""
    lines = (
        f" Lines: 95% intervals, from {num_groups} fits that each lack a share of the trials and of the architectures."
        if num_groups
        else ""
    )
    return Chart(
        svg=svg(plot, "matters", size=bars_size(len(drawn))),
        label=f"How much of the variance of the predicted {facts.objective} goes with each choice.",
        caption="Total Sobol indices: the share of the variance that is left when all other choices are known. Where "
        f"choices interact or share a limit, the shares need not add up to 100%.{lines}{left_out}",
    )


def _effects(facts: Facts, findings: Sequence[Finding], overall: float) -> tuple[Chart, ...]:
    """One chart for each, on the same vertical axis."""
    low = min(float(np.nanmin(one.means - np.nan_to_num(one.half_widths), initial=overall)) for one in findings)
    high = max(float(np.nanmax(one.means + np.nan_to_num(one.half_widths), initial=overall)) for one in findings)
    edge = AIR * (high - low)
    return tuple(
        _effect(facts, one, rank, overall=overall, span=(low - edge, high + edge)) for rank, one in enumerate(findings)
    )


def _effect(facts: Facts, finding: Finding, rank: int, *, overall: float, span: tuple[float, float]) -> Chart:
    name = finding.choice.name
    plot = OptionsPlot(
        name=name,
        options=[str(option) for option in finding.choice.options],
        objective=facts.objective_label,
        mean=finding.means,
        half_width=finding.half_widths,
        overall=overall,
        span=span,
    )
    return Chart(
        svg=svg(plot, f"effect-{rank}", size=OPTIONS_SIZE),
        label=f"Predicted {facts.objective} for each option of {name}, all else equal.",
        caption=f"{name}, share {percent(finding.share.value)}",
    )


def _note(facts: Facts, *, is_replicated: bool) -> str:
    either = ", before and after the change" if facts.limits else ""
    bars = "; bars are 95% intervals of the difference to it" if is_replicated else ""
    return (
        f"Predicted {facts.objective} by option, all else equal, over {_judged_ones(facts)}{either}. The grey line is "
        f"the mean of all{bars}."
    )


def _table(facts: Facts, findings: Sequence[Finding]) -> Table:
    columns = header("choice", numbers=("share of the variance", f"spread of {facts.objective}"))
    return Table(
        header=(*columns, *header("best option", numbers=(f"{facts.objective} with it",))),
        rows=tuple(_row(one) for one in findings),
    )


def _row(finding: Finding) -> tuple[Cell, ...]:
    best = int(np.argmin(np.nan_to_num(finding.means, nan=np.inf)))
    return (
        named(finding.choice.name),
        words(finding.share.as_percent(), "number"),
        score(finding.spread),
        words(str(finding.choice.options[best])),
        score(float(finding.means[best])),
    )
