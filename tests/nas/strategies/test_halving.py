"""Halving's laws: the promoted share, nothing trained twice alike, and without rungs ChamNet's search to the letter."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from jaxtyping import Float, Int8

from launch.bench.replay.memory_record import MemoryRecord
from launch.executors.simulated import SimulatedExecutor
from nas.record import Evaluation, Exhausted, Job, Outcome, Proposal, Trial
from nas.search import Goal, QualityLimit, Reasoned, Rungs, Strategy, Task
from nas.search.loop import Plan, run
from nas.strategies.asha import Asha
from nas.strategies.chamnet import ChamNet
from nas.strategies.halving import Halving, full_predictor
from predictors import gp, ridge
from predictors.coding import Coding, choosing
from tests.nas.strategies.small import FEASIBLE, ONE, both, error, features, history, listed, trial

RUNGS = Rungs(fidelities=(1, 9), eta=3.0)
THREE = Rungs(fidelities=(1, 3, 9), eta=2.0)
ONE_RUNG = Rungs(fidelities=(9,), eta=3.0)
TASK = replace(ONE, rungs=RUNGS)


@dataclass(frozen=True)
class Formula:
    """The higher the fidelity, the less it is off; what is named in `failing` fails there."""

    failing: frozenset[tuple[tuple[int, ...], int]] = frozenset()
    baselines: dict[str, dict[str, float]] = field(default_factory=dict)
    data_facts: dict[str, str | int] = field(default_factory=dict)

    def __call__(self, job: Job) -> Evaluation:
        if (job.architecture, job.fidelity) in self.failing or sum(job.architecture) % 7 == 6:
            raise RuntimeError("diverged")
        return Evaluation(metrics={"error": error_at(job.architecture, job.fidelity)})


def error_at(architecture: Sequence[int], fidelity: int) -> float:
    off = np.random.default_rng(list(architecture)).normal()
    return error(architecture) + 0.05 * float(off) / fidelity


class Dying(SimulatedExecutor):
    """Takes the driver down with it at a time."""

    crash_at = math.inf

    def wait(self, timeout_s: float) -> list[Outcome]:
        outcomes = super().wait(timeout_s)
        if self.now_s > self.crash_at:
            raise KeyboardInterrupt
        return outcomes


def search(
    strategy: Strategy,
    *,
    num_trials: int = 60,
    slots: int = 1,
    lag: int = 0,
    record: MemoryRecord | None = None,
    crash_at: float = math.inf,
    seed: int = 3,
) -> list[Trial]:
    executor = Dying(
        Formula(), slots=slots, duration_s=lambda job, rng: job.fidelity * float(rng.lognormal(0.0, 0.5)), seed=slots
    )
    executor.crash_at = crash_at
    plan = Plan(phase="search", num_trials=num_trials, fidelity=9, seed=seed, lag=lag, max_failure_share=1.0)
    return run(plan, strategy=strategy, executor=executor, history=record or MemoryRecord(lambda: 0.0))


def essence(trials: Sequence[Trial]) -> list[tuple[object, ...]]:
    return [(one.ticket, one.architecture, one.fidelity, one.origin, dict(one.metrics)) for one in trials]


MAKERS = [Halving, Asha]


@pytest.mark.slow
@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("rungs", [RUNGS, THREE])
@pytest.mark.parametrize(("slots", "lag"), [(1, 0), (8, 0), (8, 16)])
def test_nothing_is_trained_twice_at_one_fidelity_and_a_rung_is_entered_from_the_one_below(
    make: type[Halving | Asha], rungs: Rungs, slots: int, lag: int
) -> None:
    trials = search(make(task=replace(TASK, rungs=rungs)), slots=slots, lag=lag, num_trials=80)
    pairs = [(one.architecture, one.fidelity) for one in trials]
    assert len(set(pairs)) == len(pairs) and {one.fidelity for one in trials} == set(rungs.fidelities)
    below = dict(zip(rungs.fidelities[1:], rungs.fidelities, strict=False))
    complete = {(one.architecture, one.fidelity) for one in trials if one.state == "complete"}
    for one in trials:
        assert (one.origin == "promotion") is (one.fidelity in below)
        if one.fidelity in below:
            assert (one.architecture, below[one.fidelity]) in complete


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("rungs", [RUNGS, THREE, Rungs(fidelities=(1, 9), eta=5.5)])
def test_one_in_eta_is_promoted(make: type[Halving | Asha], rungs: Rungs) -> None:
    trials = search(make(task=replace(TASK, rungs=rungs)), num_trials=90)
    for end in range(1, len(trials) + 1):
        for here, above in zip(rungs.fidelities, rungs.fidelities[1:], strict=False):
            started = sum(one.fidelity == above for one in trials[:end])
            complete = sum(one.fidelity == here and one.state == "complete" for one in trials[: end - 1])
            assert started <= complete / rungs.eta
            if end == len(trials):
                assert started >= int(complete / rungs.eta) - 1


def cost(population: Int8[np.ndarray, "n 4"]) -> Float[np.ndarray, " n"]:
    return 1.0 + both(population)[:, 1]


def test_for_a_goal_what_it_compares_with_is_trained_in_full_first_and_cheaper_ones_follow() -> None:
    reference = (2, 2, 2, 2)
    bar = QualityLimit(metric="error", amount=1.05, reference=reference, text="")
    first = Proposal(architecture=reference, origin="baseline")
    task = replace(TASK, opening=(first, *ONE.opening), goal=Goal(name="cost", cost=cost, quality=bar))
    trials = search(Halving(task=task), num_trials=60)
    assert (trials[0].architecture, trials[0].fidelity, trials[0].origin) == (reference, 9, "baseline")
    assert [one.ticket for one in trials if one.architecture == reference] == [0]
    full = [one for one in trials if one.fidelity == 9 and one.state == "complete"]
    good = np.array([one.architecture for one in full if one.metrics["error"] <= 1.05 * error(reference)])
    possible = FEASIBLE[both(FEASIBLE)[:, 0] <= 1.05 * error(reference)]
    assert cost(good).min() <= np.quantile(cost(possible), 0.1) < cost(np.array([reference]))[0]
    assert len(full) < len(trials) / 2


@pytest.mark.slow
@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("rungs", [RUNGS, THREE])
def test_with_a_lag_the_same_trials_for_any_number_of_workers(make: type[Halving | Asha], rungs: Rungs) -> None:
    strategy = make(task=replace(TASK, rungs=rungs))
    runs = [search(strategy, slots=slots, lag=16) for slots in (1, 4, 16)]
    assert all(essence(trials) == essence(runs[0]) for trials in runs)
    assert sum(one.origin == "promotion" for one in runs[0]) >= 8


def test_a_run_that_is_continued_equals_an_undisturbed_one() -> None:
    strategy, record = Halving(task=replace(TASK, rungs=THREE)), MemoryRecord(lambda: 0.0)
    for num_trials in (13, 31, 60):
        trials = search(strategy, num_trials=num_trials, slots=4, lag=8, record=record)
    assert essence(trials) == essence(search(strategy, slots=4, lag=8))


@pytest.mark.parametrize("crash_at", [1.0, 20.0, 40.0])
def test_a_run_whose_driver_died_goes_on_to_the_same_trials(crash_at: float) -> None:
    strategy, record = Halving(task=replace(TASK, rungs=THREE)), MemoryRecord(lambda: 0.0)
    with pytest.raises(KeyboardInterrupt):
        search(strategy, slots=4, lag=8, record=record, crash_at=crash_at)
    assert any(one.state == "running" for one in record.trials())
    assert essence(search(strategy, slots=2, lag=8, record=record)) == essence(search(strategy, slots=4, lag=8))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rungs", "predictor"), [(None, ridge.PREDICTOR), (ONE_RUNG, ridge.PREDICTOR), (ONE_RUNG, gp.PREDICTOR)]
)
def test_without_lower_rungs_it_is_chamnet(rungs: Rungs | None, predictor: object) -> None:
    for task in (replace(ONE, predictor=predictor), replace(listed(ONE), predictor=predictor)):
        plain = search(ChamNet(task=task), num_trials=20, slots=3)
        single = search(Halving(task=replace(task, rungs=rungs)), num_trials=20, slots=3)
        assert essence(plain) == essence(single)


def test_a_failed_trial_is_not_promoted_and_a_failed_promotion_is_not_tried_again() -> None:
    done, _ = history(12)
    best = min(done, key=lambda one: one.metrics["error"])
    lost = [replace(one, state="failed", metrics={}) if one is best else one for one in done]
    found = {Asha(task=TASK).propose(some, [], np.random.default_rng(0)).architecture for some in (done, lost)}
    assert best.architecture in found and len(found) == 2
    failed = replace(trial(12, best.architecture, "failed"), fidelity=9)
    assert Asha(task=TASK).propose([*done, failed], [], np.random.default_rng(0)).architecture != best.architecture


def test_a_pending_promotion_counts() -> None:
    done, _ = history(5)
    first = Halving(task=TASK).propose(done, [], np.random.default_rng(0))
    assert (first.origin, first.fidelity) == ("promotion", 9)
    pending = replace(trial(5, first.architecture, "running"), fidelity=9)
    assert Halving(task=TASK).propose(done, [pending], np.random.default_rng(0)).fidelity == 1


def test_the_promoted_is_who_the_model_expects_most_of_and_not_who_was_lucky() -> None:
    done, _ = history(40)
    lucky = done[int(np.argmax([one.metrics["error"] for one in done]))]
    low = [replace(one, metrics={"error": 0.5}) if one is lucky else one for one in done]
    assert Asha(task=TASK).propose(low, [], np.random.default_rng(0)).architecture == lucky.architecture
    assert Halving(task=TASK).propose(low, [], np.random.default_rng(0)).architecture != lucky.architecture


def test_when_no_architecture_is_left_the_rest_is_promoted_and_then_the_search_is_exhausted() -> None:
    task = replace(listed(TASK), candidates=FEASIBLE[:10], sample=lambda n, rng: FEASIBLE[rng.integers(10, size=n)])
    for make in MAKERS:
        trials = search(make(task=replace(task, opening=())), num_trials=99)
        complete = {one.architecture for one in trials if one.fidelity == 1 and one.state == "complete"}
        assert {one.architecture for one in trials if one.fidelity == 1} == set(map(tuple, FEASIBLE[:10].tolist()))
        assert {one.architecture for one in trials if one.fidelity == 9} == complete
        with pytest.raises(Exhausted):
            make(task=replace(task, opening=())).propose(trials, [], np.random.default_rng(0))


def test_what_lower_rungs_show_makes_a_better_predictor_of_the_full_fidelity() -> None:
    rng = np.random.default_rng(0)
    bend = rng.normal(size=4)

    def value(rows: Float[np.ndarray, "n 4"], fidelity: int) -> Float[np.ndarray, " n"]:
        curved = np.sin(rows @ bend * 2) + rows.sum(axis=1) * 0.2
        return curved + (0.2 * np.cos(rows @ bend[::-1]) if fidelity == 1 else 0.0)

    chosen = rng.permutation(FEASIBLE)[:100]
    low = [replace(trial(i, row), metrics={"error": v}) for i, (row, v) in enumerate(
        zip(chosen.tolist(), value(chosen, 1).tolist(), strict=True))]  # fmt: skip
    high = [
        replace(one, fidelity=9, metrics={"error": float(value(np.array([one.architecture]), 9)[0])})
        for one in low[:12]
    ]
    X, y = features(chosen[:12]), np.array([one.metrics["error"] for one in high])
    errors = [
        np.abs(recipe.fit(X, y).predict_mean(features(FEASIBLE)) - value(FEASIBLE, 9)).mean()
        for recipe in (
            gp.PREDICTOR,
            full_predictor(gp.PREDICTOR, RUNGS, features, [*low, *high], "error"),
        )
    ]
    assert errors[1] < 0.5 * errors[0]
    assert full_predictor(gp.PREDICTOR, None, features, high, "error") is gp.PREDICTOR
    assert full_predictor(gp.PREDICTOR, RUNGS, features, high, "error") is gp.PREDICTOR


def test_a_fit_of_several_rungs_predicts_alike_in_both_ways_and_is_surer_where_it_believes() -> None:
    done, _ = history(40)
    high = [replace(one, fidelity=9) for one in done[:10]]
    X, y = features(np.array([one.architecture for one in high])), np.array([one.metrics["error"] for one in high])
    fitted = full_predictor(gp.PREDICTOR, RUNGS, features, [*done, *high], "error").fit(X, y)
    everywhere = features(FEASIBLE)
    prediction = fitted.predict(everywhere)
    np.testing.assert_allclose(fitted.predict_mean(everywhere), prediction.mean, atol=1e-4)
    assert (fitted.fantasise(everywhere[:5]).predict(everywhere).std <= prediction.std + 1e-6).all()


@pytest.mark.parametrize(
    ("fidelities", "eta", "said"),
    [
        ((), 3.0, "got none"),
        ((3, 1), 3.0, "got 3, 1; sort them"),
        ((1, 1), 3.0, "got 1, 1; sort them"),
        ((-1, 1), 3.0, "got -1, 1"),
        ((1, 9), 1.0, "eta must be more than 1, got 1; 4 trains one in four"),
    ],
)
def test_rungs_that_are_none_are_refused(fidelities: tuple[int, ...], eta: float, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Rungs(fidelities=fidelities, eta=eta)


def test_a_proposal_without_a_fidelity_has_the_plans() -> None:
    class Old:
        def propose(self, done: Sequence[Trial], pending: Sequence[Trial], rng: np.random.Generator) -> Proposal:
            return Proposal(architecture=tuple(rng.integers(0, 4, 4).tolist()), origin="old")

    assert {one.fidelity for one in search(Old(), num_trials=5)} == {9}


def test_task_has_no_rungs_unless_told() -> None:
    assert isinstance(ONE, Task) and ONE.rungs is None


def test_a_fit_of_several_rungs_says_what_was_chosen_where_its_predictor_chooses() -> None:
    done, _ = history(40)
    high = [replace(one, fidelity=9) for one in done[:10]]
    X, y = features(np.array([one.architecture for one in high])), np.array([one.metrics["error"] for one in high])
    codings = (Coding(name="first", columns=(0,)), Coding(name="second", columns=(1,)))
    fits = [
        full_predictor(one, RUNGS, features, [*done, *high], "error").fit(X, y)
        for one in (gp.PREDICTOR, choosing(gp.PREDICTOR, codings))
    ]
    assert not isinstance(fits[0], Reasoned)
    assert isinstance(fits[1], Reasoned) and "by cross-validated Kendall tau on" in fits[1].reason
    assert isinstance(fits[1].fantasise(X[:2]), Reasoned)
