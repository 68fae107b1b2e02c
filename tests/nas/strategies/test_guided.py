"""What holds for every strategy with a model: a pure function, within the limits, never twice, with its floors."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from jaxtyping import Float, Int8

from nas.genetic import Problem
from nas.record import Exhausted, Proposal, Trial, rows
from nas.search import Strategy
from nas.strategies._guided import MIN_COMPLETE, lowest, mutant
from nas.strategies.chamnet import ChamNet
from nas.strategies.front import Front
from tests.nas.strategies.small import (
    DESIGN,
    FEASIBLE,
    MAX_SUM,
    NUM_OPTIONS,
    ONE,
    TWO,
    Believing,
    features,
    history,
    listed,
    trial,
)

GENETIC = [ChamNet(task=ONE), Front(task=TWO)]
EXHAUSTIVE = [ChamNet(task=listed(ONE)), Front(task=listed(TWO))]
every_strategy = pytest.mark.parametrize("strategy", [*GENETIC, *EXHAUSTIVE], ids=lambda one: type(one).__name__)


def proposals(strategy: Strategy, num: int) -> list[Proposal]:
    done, pending = history(20, 3)
    return [strategy.propose(done, pending, np.random.default_rng((0, ticket))) for ticket in range(num)]


@every_strategy
def test_the_design_comes_first_and_in_order(strategy: ChamNet | Front) -> None:
    known: list[Trial] = []
    for ticket, row in enumerate(DESIGN.tolist()):
        proposal = strategy.propose(known[:2], known[2:], np.random.default_rng(ticket))
        assert proposal == Proposal(architecture=tuple(row), origin="design")
        known.append(trial(ticket, proposal.architecture, "complete" if ticket < 2 else "running"))
    assert strategy.propose(known[:2], known[2:], np.random.default_rng(99)).origin == "random"


@every_strategy
def test_a_design_that_names_a_known_architecture_gives_another_one(strategy: ChamNet | Front) -> None:
    known = [trial(0, DESIGN[1].tolist())]
    proposal = strategy.propose(known, [], np.random.default_rng(0))
    assert proposal.origin == "random" and proposal.architecture != known[0].architecture


@every_strategy
def test_a_proposal_is_a_pure_function_of_its_arguments(strategy: ChamNet | Front) -> None:
    assert proposals(strategy, 8) == proposals(strategy, 8)


@every_strategy
def test_proposals_are_new_and_within_the_limits(strategy: ChamNet | Front) -> None:
    done, pending = history(60, 10)
    known = {trial.architecture for trial in (*done, *pending)}
    for ticket in range(15):
        architecture = strategy.propose(done, pending, np.random.default_rng(ticket)).architecture
        assert architecture not in known
        assert sum(architecture) <= MAX_SUM and all(0 <= option < 4 for option in architecture)


@pytest.mark.slow
@pytest.mark.usefixtures("a_token_genetic_search")
@every_strategy
def test_some_proposals_are_random_and_some_are_mutations(strategy: ChamNet | Front) -> None:
    found = proposals(strategy, 200)
    counts = Counter(proposal.origin for proposal in found)
    assert set(counts) == {"genetic" if strategy.task.candidates is None else "exhaustive", "random", "mutation"}
    assert counts["random"] >= 2 and counts["mutation"] >= 2 and counts["random"] + counts["mutation"] < 50
    done, _ = history(20, 3)
    for proposal in found:
        if proposal.origin == "mutation":
            assert min(np.not_equal(proposal.architecture, one.architecture).sum() for one in done) <= 2


@pytest.mark.parametrize("strategy", GENETIC)
@pytest.mark.parametrize("num_complete", [0, 1, MIN_COMPLETE - 1])
def test_too_few_complete_trials_give_random_ones_whatever_failed(strategy: ChamNet | Front, num_complete: int) -> None:
    done, _ = history(num_complete)
    failed = [trial(100 + i, row, "failed") for i, row in enumerate(DESIGN.tolist())]
    known = [one for one in failed if one.architecture not in {t.architecture for t in done}]
    origins = {strategy.propose([*done, *known], [], np.random.default_rng(i)).origin for i in range(10)}
    assert origins == {"random"}


@every_strategy
def test_objectives_that_never_change_stop_nothing(strategy: ChamNet | Front) -> None:
    done = [replace(one, metrics={"error": 0.5, "cost": 7.0}) for one in history(20)[0]]
    known = {trial.architecture for trial in done}
    found = [strategy.propose(done, [], np.random.default_rng(seed)) for seed in range(10)]
    assert {"genetic", "exhaustive"} & {proposal.origin for proposal in found}
    assert {proposal.architecture for proposal in found}.isdisjoint(known)


@every_strategy
def test_the_last_one_left_is_found_and_then_it_says_so(strategy: ChamNet | Front) -> None:
    known = [trial(i, row) for i, row in enumerate(FEASIBLE.tolist())]
    for seed in range(5):
        proposal = strategy.propose(known[:-1], [], np.random.default_rng(seed))
        assert proposal.architecture == known[-1].architecture
    message = (
        f"the {len(FEASIBLE)} tried so far are about all"
        if strategy.task.candidates is None
        else f"all {len(FEASIBLE)} architectures have been tried"
    )
    with pytest.raises(Exhausted, match=message):
        strategy.propose(known, [], np.random.default_rng(0))


def test_pending_trials_are_believed_to_turn_out_as_predicted_in_every_objective() -> None:
    done, pending = history(20, 3)
    for strategy, task in ((ChamNet, ONE), (Front, TWO)):
        predictor = Believing()
        strategy(task=replace(task, predictor=predictor)).propose(done, pending, np.random.default_rng(0))
        assert len(predictor.believed) == len(task.objectives)
        for believed in predictor.believed:
            np.testing.assert_array_equal(believed, features(rows(pending)))


PROBLEM = Problem(num_options=NUM_OPTIONS, constraints=lambda population: population.sum(axis=1)[:, None] - 5.0)


def test_mutants_differ_in_one_or_two_decisions_and_meet_the_limits() -> None:
    parents = [trial(0, (1, 1, 1, 0)), trial(1, (3, 1, 1, 0))]
    for seed in range(50):
        child = mutant(parents, PROBLEM, parents, np.random.default_rng(seed))
        assert child is not None and sum(child) <= 5
        distances = [np.not_equal(child, parent.architecture).sum() for parent in parents]
        assert 1 <= min(distances) <= 2


def test_no_mutant_is_left_where_everything_near_is_known() -> None:
    alone = Problem(num_options=NUM_OPTIONS, constraints=lambda population: population.sum(axis=1)[:, None] - 0.0)
    nobody = [trial(0, (0, 0, 0, 0))]
    assert mutant(nobody, alone, nobody, np.random.default_rng(0)) is None


def sums(population: Int8[np.ndarray, "n 4"]) -> Float[np.ndarray, " n"]:
    return population.sum(axis=1).astype(np.float64)


def test_the_lowest_that_is_not_known() -> None:
    candidates = np.array([[3, 3, 3, 0], [1, 0, 0, 0], [0, 0, 0, 0]], dtype=np.int8)
    assert lowest(candidates, sums, [trial(0, (0, 0, 0, 0))]) == (1, 0, 0, 0)
    assert lowest(candidates[2:], sums, [trial(0, (0, 0, 0, 0))]) is None
