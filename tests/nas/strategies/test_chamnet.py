"""ChamNet's proposals on a small space: a pure function, within the limits, never twice, better than chance."""

import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from jaxtyping import Float, Int8

from nas.genetic import Problem
from nas.predictor import Fitted, Prediction
from nas.strategies import chamnet
from nas.strategies.chamnet import MIN_COMPLETE, ChamNet, fit
from nas.strategy import Task
from nas.trial import Exhausted, Proposal, State, Trial, rows
from predictors import ridge

NUM_OPTIONS = np.array([4, 4, 4, 4])
EVERYTHING = np.array(list(itertools.product(range(4), repeat=4)), dtype=np.int8)
MAX_SUM = 8
FEASIBLE = EVERYTHING[EVERYTHING.sum(axis=1) <= MAX_SUM]
DESIGN = FEASIBLE[::25]


def error(architecture: Sequence[int]) -> float:
    return 1 - float(np.dot(architecture, [0.05, 0.03, 0.02, 0.01]))


def features(population: Int8[np.ndarray, "n 4"]) -> Float[np.ndarray, "n 4"]:
    return population / 3.0


def sample(n: int, rng: np.random.Generator) -> Int8[np.ndarray, "n 4"]:
    return rng.choice(FEASIBLE, n)


@pytest.fixture(autouse=True)
def a_small_genetic_search(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chamnet, "POPULATION", 64)
    monkeypatch.setattr(chamnet, "GENERATIONS", 4)
    monkeypatch.setattr(chamnet, "NUM_SEEDS", 32)


TASK = Task(
    objectives=("error",),
    opening=tuple(Proposal(architecture=tuple(row), origin="design") for row in DESIGN.tolist()),
    sample=sample,
    features=features,
    predictor=ridge.PREDICTOR,
    problem=Problem(num_options=NUM_OPTIONS, constraints=lambda p: p.sum(axis=1)[:, None] - float(MAX_SUM)),
)
STRATEGY = ChamNet(task=TASK)


def trial(ticket: int, architecture: Sequence[int], state: State = "complete") -> Trial:
    return Trial(
        phase="search", ticket=ticket, architecture=tuple(architecture), fidelity=1, origin="design", state=state,
        metrics={"error": error(architecture)} if state == "complete" else {},
    )  # fmt: skip


def history(num_done: int, num_pending: int = 0, *, seed: int = 0) -> tuple[list[Trial], list[Trial]]:
    chosen = np.random.default_rng(seed).permutation(FEASIBLE)[: num_done + num_pending].tolist()
    done = [trial(i, row) for i, row in enumerate(chosen[:num_done])]
    return done, [trial(i, row, "running") for i, row in enumerate(chosen[num_done:], start=num_done)]


def proposals(num: int, *, num_done: int = 20, num_pending: int = 3) -> list[Proposal]:
    done, pending = history(num_done, num_pending)
    return [STRATEGY.propose(done, pending, np.random.default_rng((0, ticket))) for ticket in range(num)]


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


def test_a_proposal_is_a_pure_function_of_its_arguments() -> None:
    assert proposals(8) == proposals(8)


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


def test_pending_trials_are_believed_to_turn_out_as_predicted() -> None:
    done, pending = history(20, 3)
    predictor = Believing()
    ChamNet(task=replace(TASK, predictor=predictor)).propose(done, pending, np.random.default_rng(0))
    np.testing.assert_array_equal(predictor.believed, [features(rows(pending))])


def test_the_best_one_is_not_proposed_again_while_it_is_pending() -> None:
    done, _ = history(20)
    best = trial(20, FEASIBLE[np.argmin([error(row) for row in FEASIBLE.tolist()])].tolist(), "running")
    done = [one for one in done if one.architecture != best.architecture]
    free, taken = (
        {STRATEGY.propose(done, known, np.random.default_rng(seed)).architecture for seed in range(10)}
        for known in ([], [best])
    )
    assert best.architecture in free and best.architecture not in taken


def test_proposals_are_new_and_within_the_limits() -> None:
    done, pending = history(60, 10)
    known = {trial.architecture for trial in (*done, *pending)}
    for ticket in range(15):
        architecture = STRATEGY.propose(done, pending, np.random.default_rng(ticket)).architecture
        assert architecture not in known
        assert sum(architecture) <= MAX_SUM and all(0 <= option < 4 for option in architecture)


def test_some_proposals_are_random_and_some_are_mutations_of_the_best() -> None:
    found = proposals(200)
    counts = Counter(proposal.origin for proposal in found)
    assert set(counts) == {"genetic", "random", "mutation"}
    assert counts["genetic"] > 150 and counts["random"] >= 2 and counts["mutation"] >= 2
    done, _ = history(20, 3)
    best = sorted(done, key=lambda trial: trial.metrics["error"])[:5]
    for proposal in found:
        if proposal.origin == "mutation":
            distance = [np.not_equal(proposal.architecture, trial.architecture).sum() for trial in best]
            assert 1 <= min(distance) <= 2


def test_genetic_proposals_are_better_than_the_limits_allow_by_chance() -> None:
    values = [error(proposal.architecture) for proposal in proposals(20) if proposal.origin == "genetic"]
    assert np.median(values) < np.quantile([error(row) for row in FEASIBLE.tolist()], 0.25)


@pytest.mark.parametrize("num_complete", [0, 1, MIN_COMPLETE - 1])
def test_too_few_complete_trials_give_random_ones_whatever_failed(num_complete: int) -> None:
    done, _ = history(num_complete)
    failed = [trial(100 + i, row, "failed") for i, row in enumerate(DESIGN.tolist())]
    known = [one for one in failed if one.architecture not in {t.architecture for t in done}]
    origins = {STRATEGY.propose([*done, *known], [], np.random.default_rng(i)).origin for i in range(10)}
    assert origins == {"random"}


def test_failed_trials_teach_nothing_and_are_not_tried_again() -> None:
    done, _ = history(20)
    best = FEASIBLE[np.argmin([error(row) for row in FEASIBLE.tolist()])].tolist()
    failed = trial(20, best, "failed")
    found = [STRATEGY.propose([*done, failed], [], np.random.default_rng(i)).architecture for i in range(10)]
    assert tuple(best) not in found


def test_nothing_left_says_so() -> None:
    known = [trial(i, row) for i, row in enumerate(FEASIBLE.tolist())]
    with pytest.raises(Exhausted, match=f"the {len(FEASIBLE)} tried so far are about all that meet the limits"):
        STRATEGY.propose(known, [], np.random.default_rng(0))


def test_the_last_one_left_is_found() -> None:
    known = [trial(i, row) for i, row in enumerate(FEASIBLE.tolist()[:-1])]
    proposal = STRATEGY.propose(known, [], np.random.default_rng(1))
    assert proposal.architecture == tuple(FEASIBLE[-1].tolist())


def test_fitting_pairs_architectures_with_their_objective() -> None:
    done, _ = history(30)
    fitted = fit(ridge.PREDICTOR, features, done, "error")
    truth = np.array([trial.metrics["error"] for trial in done])
    np.testing.assert_allclose(fitted.predict_mean(features(rows(done))), truth, atol=0.01)


LISTED = ChamNet(task=replace(TASK, candidates=FEASIBLE))


def test_listed_candidates_are_all_scored_and_a_known_one_never_comes_again() -> None:
    done, pending = history(60, 10)
    known = {trial.architecture for trial in (*done, *pending)}
    found = [LISTED.propose(done, pending, np.random.default_rng(seed)) for seed in range(40)]
    assert {proposal.origin for proposal in found} <= {"exhaustive", "random", "mutation"}
    assert {proposal.architecture for proposal in found}.isdisjoint(known)
    exhaustive = {proposal.architecture for proposal in found if proposal.origin == "exhaustive"}
    assert len(exhaustive) == 1  # the same trials promise the same, whatever the ticket
    fitted = fit(ridge.PREDICTOR, features, done, "error")
    better = fitted.predict_mean(features(FEASIBLE)) < fitted.predict_mean(features(np.array([*exhaustive], np.int8)))
    assert all(tuple(row) in known for row in FEASIBLE[better].tolist())


def test_the_last_listed_candidate_is_found_and_then_nothing_is_left() -> None:
    known = [trial(i, row) for i, row in enumerate(FEASIBLE.tolist()[:-1])]
    for seed in range(20):
        assert LISTED.propose(known, [], np.random.default_rng(seed)).architecture == tuple(FEASIBLE[-1].tolist())
    last = trial(len(known), FEASIBLE[-1].tolist(), "running")
    with pytest.raises(Exhausted, match=f"all {len(FEASIBLE)} architectures have been tried"):
        LISTED.propose(known, [last], np.random.default_rng(0))


@pytest.mark.parametrize("strategy", [STRATEGY, LISTED])
def test_an_objective_that_never_changes_stops_nothing(strategy: ChamNet) -> None:
    done = [replace(one, metrics={"error": 0.5}) for one in history(20)[0]]
    known = {trial.architecture for trial in done}
    found = [strategy.propose(done, [], np.random.default_rng(seed)) for seed in range(10)]
    assert {"genetic", "exhaustive"} & {proposal.origin for proposal in found}
    assert {proposal.architecture for proposal in found}.isdisjoint(known)
