"""ChamNet's own: its promises are good, and what is on the way is not asked for again. The rest is in test_guided."""

import numpy as np
import pytest

from nas.search import fit_to_trials
from nas.strategies.chamnet import NUM_PARENTS, ChamNet
from predictors import ridge
from tests.nas.strategies.small import FEASIBLE, ONE, error, features, history, listed, trial

STRATEGY = ChamNet(task=ONE)


def test_the_best_one_is_not_proposed_again_while_it_is_pending() -> None:
    done, _ = history(20)
    best = trial(20, FEASIBLE[np.argmin([error(row) for row in FEASIBLE.tolist()])].tolist(), "running")
    done = [one for one in done if one.architecture != best.architecture]
    free, taken = (
        {STRATEGY.propose(done, known, np.random.default_rng(seed)).architecture for seed in range(10)}
        for known in ([], [best])
    )
    assert best.architecture in free and best.architecture not in taken


@pytest.mark.usefixtures("a_token_genetic_search")
def test_mutations_are_of_the_best() -> None:
    done, pending = history(20, 3)
    best = sorted(done, key=lambda trial: trial.metrics["error"])[:NUM_PARENTS]
    found = [STRATEGY.propose(done, pending, np.random.default_rng((0, ticket))) for ticket in range(200)]
    mutations = [proposal for proposal in found if proposal.origin == "mutation"]
    for proposal in mutations:
        distance = [np.not_equal(proposal.architecture, trial.architecture).sum() for trial in best]
        assert 1 <= min(distance) <= 2
    assert mutations


def test_genetic_proposals_are_better_than_the_limits_allow_by_chance() -> None:
    done, pending = history(20, 3)
    found = [STRATEGY.propose(done, pending, np.random.default_rng((0, ticket))) for ticket in range(20)]
    values = [error(proposal.architecture) for proposal in found if proposal.origin == "genetic"]
    assert np.median(values) < np.quantile([error(row) for row in FEASIBLE.tolist()], 0.25)


def test_failed_trials_teach_nothing_and_are_not_tried_again() -> None:
    done, _ = history(20)
    best = FEASIBLE[np.argmin([error(row) for row in FEASIBLE.tolist()])].tolist()
    failed = trial(20, best, "failed")
    found = [STRATEGY.propose([*done, failed], [], np.random.default_rng(i)).architecture for i in range(10)]
    assert tuple(best) not in found


def test_listed_candidates_are_all_scored() -> None:
    done, pending = history(60, 10)
    strategy = ChamNet(task=listed(ONE))
    found = [strategy.propose(done, pending, np.random.default_rng(seed)) for seed in range(40)]
    exhaustive = {proposal.architecture for proposal in found if proposal.origin == "exhaustive"}
    assert len(exhaustive) == 1  # the same trials promise the same, whatever the ticket
    fitted = fit_to_trials(ridge.PREDICTOR, features, done, "error")
    better = fitted.predict_mean(features(FEASIBLE)) < fitted.predict_mean(features(np.array([*exhaustive], np.int8)))
    known = {trial.architecture for trial in (*done, *pending)}
    assert all(tuple(row) in known for row in FEASIBLE[better].tolist())
