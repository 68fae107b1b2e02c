"""Section with the verdict: which network won, what it beats, and whether it meets every limit as measured."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from launch.report.facts.facts import Facts
from launch.report.view import counted, decimals, listed, shown
from launch.terminal import is_violated
from nas.record import TEST

Mood = Literal["good", "mixed", "bad", "open"]

REASONS = {  # a final's origin names one or more of these
    "predicted": "proposed by the predictor",
    "measured": "among the best measured in the search",
    "design median": "the median of the design",
    "design best": "the best of the design",
    "narrowed best": "the best of the baseline's narrower versions",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`mood`: good is better than every baseline within every limit; open is a run without a winner.

    `notes` are sentences that a reader must not miss.
    """

    mood: Mood
    mark: str
    text: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rival:
    """What the winner is compared with: a baseline without a network, or a yardstick trained at the same budget."""

    name: str
    value: float
    is_baseline: bool


def minimised(facts: Facts) -> str:
    """What the search minimises, in words."""
    metrics = {name: facts.card.metric(name).label for name in facts.session.experiment.metrics}
    return listed([metrics.get(name, name) for name in facts.session.experiment.aims])


def verdict(facts: Facts) -> Verdict:
    return _open(facts) if facts.winner is None else _concluded(facts, facts.winner)


def status(facts: Facts) -> str:
    """Whether the run is finished, running or stopped."""
    if facts.is_done:
        ended = sum(trial.state != "running" for trial in facts.every)
        short = f"finished with {ended} of {facts.total} search trials: its time or its architectures ran out"
        return "finished" if ended >= facts.total else short
    kind = "running" if facts.winner is None else "extended to more trials and running"
    if facts.driver is None:
        return "stopped before its end; the same command continues it"
    return f"{kind}, driven by {facts.driver}"


def reasons(origin: str) -> str:
    """Why a final was trained, in words."""
    return listed([REASONS.get(name, name) for name in origin.split(", ")])


def held_out_name(objective: str, metrics: Mapping[str, float]) -> str:
    """The objective on data that the search never used, if the evaluator has it; else the objective itself."""
    name = f"{TEST}{objective}"
    return name if name in metrics else objective


def rivals(facts: Facts, winner: Mapping[str, Any]) -> list[Rival]:
    """Baselines, then yardsticks other than the winner itself, on the held-out objective."""
    name = held_out_name(facts.objective, winner["metrics"])
    baselines = [
        Rival(name=label, value=float(metrics[name]), is_baseline=True)
        for label, metrics in winner["baselines"].items()
        if name in metrics
    ]
    return [*baselines, *_yardsticks(facts, winner, name)]


def _yardsticks(facts: Facts, winner: Mapping[str, Any], metric: str) -> list[Rival]:
    finals = {tuple(final["architecture"]): final["metrics"] for final in winner["finals"]}
    return [
        Rival(name=label, value=float(finals[architecture][metric]), is_baseline=False)
        for label, architecture in facts.yardsticks().items()
        if architecture in finals and architecture != tuple(winner["architecture"])
    ]


def _open(facts: Facts) -> Verdict:
    best = min(facts.complete, key=lambda trial: trial.metrics[facts.objective], default=None)
    so_far, num_complete = "No search trial is complete yet.", sum(one.state == "complete" for one in facts.every)
    if best is not None:
        value = decimals(best.metrics[facts.objective])
        where = f"(search-{best.ticket}), at the search's short training"
        so_far = f"The best {facts.objective_label} so far is {value} {where}."
    return Verdict(
        mood="open",
        mark="no winner yet",
        text=f"There is no winner yet: {num_complete} of {facts.total} search trials are complete. {so_far}",
    )


def _concluded(facts: Facts, winner: Mapping[str, Any]) -> Verdict:
    if "front" in winner:
        return _along_front(facts, winner)
    return _best(facts, winner) if "minimised" not in winner else _cheapest(facts, winner)


def _along_front(facts: Facts, winner: Mapping[str, Any]) -> Verdict:
    """Of a search with several objectives: no network on a front is better than another."""
    found, broken = winner["front"], [limit for limit in winner["limits"] if is_violated(limit)]
    values = [
        f"{name} {shown(one['measured'])} {one['unit']}" if one["unit"] else f"{name} {decimals(one['measured'])}"
        for name, one in found["objectives"].items()
    ]
    text = (
        f"{counted(found['num_points'], 'final')} on the front of {listed(list(found['objectives']))}, in the folder "
        f"winners; point {found['point']} of them, {winner['trial']}, {reasons(winner['origin'])}, is the winner of "
        f"this page: {listed(values)}; {_on_limits(winner['limits'])}."
    )
    mark = "violates a limit" if broken else "meets every limit" if winner["limits"] else "no limit set"
    return Verdict(mood="bad" if broken else "good", mark=mark, text=text, notes=tuple(_notes(facts, winner, broken)))


def _cheapest(facts: Facts, winner: Mapping[str, Any]) -> Verdict:
    """Of a search for the least of a cost."""
    found, broken = winner["minimised"], [limit for limit in winner["limits"] if is_violated(limit)]
    name = held_out_name(facts.objective, winner["metrics"])
    share = found["value"] / found["baseline"] if found["baseline"] else None
    beside = f", {share:.2f} of the baseline's" if share is not None else ""
    text = (
        f"{winner['trial']}, {reasons(winner['origin'])}, won with the least {found['name']}: {shown(found['value'])} "
        f"{found['unit']}{beside}; its {_held_out_label(facts, name)} is {decimals(winner['metrics'][name])}; "
        f"{_on_limits(winner['limits'])}."
    )
    mood: Mood = "bad" if broken else "mixed" if share is not None and share >= 1.0 else "good"
    mark = "violates a limit" if broken else "meets every limit"
    return Verdict(mood=mood, mark=mark, text=text, notes=tuple(_notes(facts, winner, broken)))


def _held_out_label(facts: Facts, name: str) -> str:
    """The objective in words, and whether it was measured on data that the search never used."""
    return f"{facts.objective_label} on {'test' if name != facts.objective else 'validation'} data"


def _best(facts: Facts, winner: Mapping[str, Any]) -> Verdict:
    name = held_out_name(facts.objective, winner["metrics"])
    value = winner["metrics"][name]
    against = rivals(facts, winner)
    broken = [limit for limit in winner["limits"] if is_violated(limit)]
    loses = [rival for rival in against if rival.value <= value]
    where = "on held-out test data" if name != facts.objective else "as the search measured it (nothing was held out)"
    comparison = _comparison(value, against)
    text = (
        f"{winner['trial']}, {reasons(winner['origin'])}, won with {facts.objective_label} {decimals(value)} {where}"
        f"{comparison}; {_on_limits(winner['limits'])}."
    )
    mood: Mood = "bad" if broken or any(rival.is_baseline for rival in loses) else "mixed" if loses else "good"
    mark = "violates a limit" if broken else "meets every limit" if winner["limits"] else "no limit set"
    return Verdict(mood=mood, mark=mark, text=text, notes=tuple(_notes(facts, winner, broken)))


def _comparison(value: float, against: Sequence[Rival]) -> str:
    better = [f"{rival.name} ({decimals(rival.value)})" for rival in against if rival.value > value]
    worse = [f"{rival.name} ({decimals(rival.value)})" for rival in against if rival.value <= value]
    parts = [f", lower than {listed(better)}"] if better else []
    return "".join([*parts, *([f", NOT lower than {listed(worse)}"] if worse else [])])


def _on_limits(limits: Sequence[Mapping[str, Any]]) -> str:
    limits = [limit for limit in limits if limit.get("binding", True)]
    broken = [limit for limit in limits if is_violated(limit)]
    if not limits:
        return "no limit binds"
    if not broken:
        which = ("its limit", "both limits")[len(limits) - 1] if len(limits) < 3 else "all limits"
        unmeasured = [limit["resource"] for limit in limits if limit["measured"] is None]
        rest = f", of which {listed(unmeasured)} was only predicted: its device is not at hand" if unmeasured else ""
        return f"it meets {which} as measured{rest}"
    details = [f"{limit['text']} ({_found(limit)} against {shown(limit['bound'])})" for limit in broken]
    return f"as measured, it VIOLATES {listed(details)}"


def _found(limit: Mapping[str, Any]) -> str:
    return f"{shown(limit['predicted'])}, predicted" if limit["measured"] is None else shown(limit["measured"])


def _notes(facts: Facts, winner: Mapping[str, Any], broken: Sequence[Mapping[str, Any]]) -> list[str]:
    notes = []
    if not facts.is_done:
        notes.append(
            f"The winner is that of the first {winner['num_trials']} search trials. The run has been extended to "
            f"{facts.total} since and is not finished; the other sections show all trials so far."
        )
    roles = facts.roles(tuple(winner["architecture"]))
    if roles:
        notes.append(
            f"The winner is itself the {listed(roles)}: the search found nothing better than where it started."
        )
    notes += [f"{limit['text']}: {limit['doubt']}" for limit in winner["limits"] if limit.get("doubt")]
    if broken:
        notes.append("No final meets every limit as measured; the winner is the one that comes nearest.")
    return notes
