"""Proposals for a front on a small space: a pure function, within the limits, never twice, better than chance."""

import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from jaxtyping import Float, Int8

from nas.genetic import Problem
from nas.pareto import front_mask, hypervolume
from nas.predictor import Fitted, Prediction
from nas.strategies import front
from nas.strategies.front import MIN_COMPLETE, Front, scaled
from nas.strategies.random import Random
from nas.strategy import Strategy, Task
from nas.trial import Exhausted, Proposal, State, Trial, rows
from predictors import ridge

NUM_OPTIONS = np.array([4, 4, 4, 4])
EVERYTHING = np.array(list(itertools.product(range(4), repeat=4)), dtype=np.int8)
MAX_SUM = 8
FEASIBLE = EVERYTHING[EVERYTHING.sum(axis=1) <= MAX_SUM]
DESIGN = FEASIBLE[::25]
ERROR_WEIGHTS, COST_WEIGHTS = np.array([0.05, 0.03, 0.02, 0.01]), np.array([1.0, 1.0, 3.0, 0.2])


def both(population: Int8[np.ndarray, "n 4"]) -> Float[np.ndarray, "n 2"]:
    """An error that falls with every decision, and a cost that rises."""
    return np.column_stack([1 - np.sqrt(population) @ ERROR_WEIGHTS, population @ COST_WEIGHTS])


def features(population: Int8[np.ndarray, "n 4"]) -> Float[np.ndarray, "n 4"]:
    return population / 3.0


def sample(n: int, rng: np.random.Generator) -> Int8[np.ndarray, "n 4"]:
    return rng.choice(FEASIBLE, n)


@pytest.fixture(autouse=True)
def a_small_genetic_search(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(front, "POPULATION", 64)
    monkeypatch.setattr(front, "GENERATIONS", 4)
    monkeypatch.setattr(front, "NUM_SEEDS", 32)


TASK = Task(
    objectives=("error", "cost"),
    opening=tuple(Proposal(architecture=tuple(row), origin="design") for row in DESIGN.tolist()),
    sample=sample,
    features=features,
    predictor=ridge.PREDICTOR,
    problem=Problem(num_options=NUM_OPTIONS, constraints=lambda p: p.sum(axis=1)[:, None] - float(MAX_SUM)),
)
LISTED = replace(TASK, candidates=FEASIBLE)
STRATEGY = Front(task=TASK)


def trial(ticket: int, architecture: Sequence[int], state: State = "complete") -> Trial:
    error, cost = both(np.array([architecture], dtype=np.int8))[0].tolist()
    return Trial(
        phase="search", ticket=ticket, architecture=tuple(architecture), fidelity=1, origin="design", state=state,
        metrics={"error": error, "cost": cost} if state == "complete" else {},
    )  # fmt: skip


def history(num_done: int, num_pending: int = 0, *, seed: int = 0) -> tuple[list[Trial], list[Trial]]:
    chosen = np.random.default_rng(seed).permutation(FEASIBLE)[: num_done + num_pending].tolist()
    done = [trial(i, row) for i, row in enumerate(chosen[:num_done])]
    return done, [trial(i, row, "running") for i, row in enumerate(chosen[num_done:], start=num_done)]


def proposals(num: int, task: Task = TASK) -> list[Proposal]:
    done, pending = history(20, 3)
    return [Front(task=task).propose(done, pending, np.random.default_rng((0, ticket))) for ticket in range(num)]


def volume(trials: Sequence[Trial]) -> float:
    return hypervolume(both(rows(trials)), both(EVERYTHING).max(axis=0))


def search(strategy: Strategy, num: int, seed: int) -> list[Trial]:
    done: list[Trial] = []
    for ticket in range(num):
        proposal = strategy.propose(done, [], np.random.default_rng((seed, ticket)))
        done.append(trial(ticket, proposal.architecture))
    return done


def test_one_objective_is_refused() -> None:
    with pytest.raises(ValueError, match="a front needs two objectives or more, got error; choose another strategy"):
        Front(task=replace(TASK, objectives=("error",)))


def test_the_design_comes_first_and_in_order() -> None:
    known: list[Trial] = []
    for ticket, row in enumerate(DESIGN.tolist()):
        proposal = STRATEGY.propose(known[:2], known[2:], np.random.default_rng(ticket))
        assert proposal == Proposal(architecture=tuple(row), origin="design")
        known.append(trial(ticket, proposal.architecture, "complete" if ticket < 2 else "running"))
    assert STRATEGY.propose(known[:2], known[2:], np.random.default_rng(99)).origin == "random"


def test_a_design_that_names_a_known_architecture_gives_another_one() -> None:
    known = [trial(0, DESIGN[1].tolist())]
    proposal = STRATEGY.propose(known, [], np.random.default_rng(0))
    assert proposal.origin == "random" and proposal.architecture != known[0].architecture


@pytest.mark.parametrize("task", [TASK, LISTED])
def test_a_proposal_is_a_pure_function_of_its_arguments(task: Task) -> None:
    assert proposals(8, task) == proposals(8, task)


@pytest.mark.parametrize("task", [TASK, LISTED])
def test_proposals_are_new_and_within_the_limits(task: Task) -> None:
    done, pending = history(60, 10)
    known = {trial.architecture for trial in (*done, *pending)}
    for ticket in range(15):
        architecture = Front(task=task).propose(done, pending, np.random.default_rng(ticket)).architecture
        assert architecture not in known
        assert sum(architecture) <= MAX_SUM and all(0 <= option < 4 for option in architecture)


def test_some_proposals_are_random_and_some_are_mutations_of_the_front() -> None:
    found = proposals(120)
    counts = Counter(proposal.origin for proposal in found)
    assert set(counts) == {"genetic", "random", "mutation"}
    assert counts["genetic"] > 80 and counts["random"] >= 2 and counts["mutation"] >= 2
    done, _ = history(20, 3)
    values = both(rows(done))
    on_front = [done[i] for i in np.flatnonzero(front_mask(values))]
    for proposal in found:
        if proposal.origin == "mutation":
            distance = [np.not_equal(proposal.architecture, trial.architecture).sum() for trial in on_front]
            assert 1 <= min(distance) <= 2


def test_listed_candidates_are_all_scored() -> None:
    assert {proposal.origin for proposal in proposals(40, LISTED)} <= {"exhaustive", "random", "mutation"}


@pytest.mark.parametrize("task", [TASK, LISTED])
def test_the_front_grows_faster_than_by_chance(task: Task) -> None:
    seeds = range(3)
    ours = [volume(search(Front(task=task), 20, seed)) for seed in seeds]
    chance = [volume(search(Random(task=task), 20, seed)) for seed in seeds]
    assert np.mean(ours) > np.mean(chance)
    whole = hypervolume(both(FEASIBLE), both(EVERYTHING).max(axis=0))
    assert whole - np.mean(ours) < 0.5 * (whole - np.mean(chance))


def test_the_genetic_search_finds_what_scoring_everything_finds() -> None:
    done, pending = history(30)
    pairs = [
        [Front(task=task).propose(done, pending, np.random.default_rng(seed)) for task in (TASK, LISTED)]
        for seed in range(12)
    ]
    compared = [ours.architecture == listed.architecture for ours, listed in pairs if ours.origin == "genetic"]
    assert np.mean(compared) > 0.5


@dataclass(frozen=True)
class Believing:
    """A ridge regression, and a note of what it was told to believe."""

    fitted: Fitted | None = None
    believed: list[Float[np.ndarray, "p f"]] = field(default_factory=list)

    def fit(self, X: Float[np.ndarray, "n f"], y: Float[np.ndarray, "n"]) -> "Believing":
        return replace(self, fitted=ridge.PREDICTOR.fit(X, y))

    def fantasise(self, X_pending: Float[np.ndarray, "p f"]) -> Fitted:
        self.believed.append(X_pending)
        assert self.fitted is not None
        return self.fitted.fantasise(X_pending)

    def predict(self, X: Float[np.ndarray, "m f"]) -> Prediction:
        raise AssertionError("pending trials must be believed first")

    def predict_mean(self, X: Float[np.ndarray, "m f"]) -> Float[np.ndarray, "m"]:
        raise AssertionError("pending trials must be believed first")


def test_pending_trials_are_believed_to_turn_out_as_predicted_in_every_objective() -> None:
    done, pending = history(20, 3)
    predictor = Believing()
    Front(task=replace(TASK, predictor=predictor)).propose(done, pending, np.random.default_rng(0))
    assert len(predictor.believed) == 2
    for believed in predictor.believed:
        np.testing.assert_array_equal(believed, features(rows(pending)))


@pytest.mark.parametrize("num_complete", [0, 1, MIN_COMPLETE - 1])
def test_too_few_complete_trials_give_random_ones_whatever_failed(num_complete: int) -> None:
    done, _ = history(num_complete)
    failed = [trial(100 + i, row, "failed") for i, row in enumerate(DESIGN.tolist())]
    known = [one for one in failed if one.architecture not in {t.architecture for t in done}]
    origins = {STRATEGY.propose([*done, *known], [], np.random.default_rng(i)).origin for i in range(10)}
    assert origins == {"random"}


def test_an_objective_that_never_changes_stops_nothing() -> None:
    done, _ = history(20)
    flat = [replace(one, metrics={**one.metrics, "cost": 7.0}) for one in done]
    found = [STRATEGY.propose(flat, [], np.random.default_rng(seed)) for seed in range(5)]
    assert "genetic" in {proposal.origin for proposal in found}


@pytest.mark.parametrize(
    ("task", "message"), [(TASK, "221 tried so far are about all"), (LISTED, "all 221 architectures have been tried")]
)
def test_nothing_left_says_so(task: Task, message: str) -> None:
    known = [trial(i, row) for i, row in enumerate(FEASIBLE.tolist())]
    with pytest.raises(Exhausted, match=message):
        Front(task=task).propose(known, [], np.random.default_rng(0))


@pytest.mark.parametrize("task", [TASK, LISTED])
def test_the_last_one_left_is_found(task: Task) -> None:
    known = [trial(i, row) for i, row in enumerate(FEASIBLE.tolist()[:-1])]
    proposal = Front(task=task).propose(known, [], np.random.default_rng(1))
    assert proposal.architecture == tuple(FEASIBLE[-1].tolist())


def test_scaling_keeps_constants_at_zero() -> None:
    values = np.array([[1.0, 5.0], [3.0, 5.0], [2.0, 5.0]])
    np.testing.assert_array_equal(scaled(values), [[0.0, 0.0], [1.0, 0.0], [0.5, 0.0]])
