"""Each step looks at what was known by then and at nothing else; figures are those of the predictions behind them."""

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import pytest
from jaxtyping import Float

from launch.report.facts.facts import read_facts
from launch.report.facts.learning_curve import Learning, learning, sizes
from launch.session import RunFolder, held_out
from nas.search import Prediction, quality, top_k_regret
from tests.launch.report.synthetic import trials, with_trials


@dataclass(frozen=True, slots=True, kw_only=True)
class Spy:
    """Predicts the mean of what it has seen, and keeps what it saw and was asked; also the fitted thing."""

    mean: float = 0.0
    seen: list[Float[np.ndarray, "n"]] = field(default_factory=list)

    def fit(self, X: Float[np.ndarray, "n f"], y: Float[np.ndarray, "n"]) -> "Spy":
        self.seen.append(y)
        return Spy(mean=float(y.mean()))

    def predict(self, X: Float[np.ndarray, "m f"]) -> Prediction:
        return Prediction(mean=self.predict_mean(X), std=np.full(len(X), 1.0))

    def predict_mean(self, X: Float[np.ndarray, "m f"]) -> Float[np.ndarray, "m"]:
        return np.full(len(X), self.mean) + 1e-3 * X[:, 0]

    def fantasise(self, X_pending: Float[np.ndarray, "p f"]) -> "Spy":
        return self


def learned(folder: RunFolder, num_trials: int, *, seed: int = 0) -> tuple[Learning, Float[np.ndarray, "n"], Spy]:
    """Of trials that ended in another order than that of tickets; their values as they ended, and the spy."""
    rng, spy = np.random.default_rng(seed), Spy()
    values, ended = rng.normal(size=num_trials), rng.permutation(num_trials)
    facts = with_trials(read_facts(folder), trials(values.tolist(), ended=ended.tolist()), spy)
    everything = held_out(facts.session.experiment, facts.pricing, facts.complete, facts.session.seed)
    spy.seen.clear()
    found = learning(facts, everything)
    assert found is not None
    return found, values[np.argsort(ended)], spy


@pytest.mark.parametrize("num_complete", [11, 12, 15, 20, 45, 46, 80, 1000])
def test_steps_grow_from_ten_to_all(num_complete: int) -> None:
    found = sizes(num_complete)
    assert found[0] == 10 and found[-1] == num_complete and 2 <= len(found) <= 8
    assert all(a < b for a, b in pairwise(found))


def test_steps_are_fives_as_long_as_there_are_few() -> None:
    assert sizes(20) == (10, 15, 20) and sizes(27) == (10, 15, 20, 25, 27)
    assert sizes(10) == (10,) and sizes(3) == (3,) and sizes(0) == (0,)


@pytest.mark.slow
def test_a_fit_that_looks_ahead_has_seen_exactly_the_trials_that_had_ended(finished: RunFolder) -> None:
    _, values, spy = learned(finished, 22)
    ahead = spy.seen[:3]  # the fits to 10, 15 and 20 known trials come before those of cross-validation
    for stop, seen in zip((10, 15, 20), ahead, strict=True):
        assert seen.tolist() == values[:stop].tolist()


def test_steps_say_how_the_known_and_the_next_were_ranked(finished: RunFolder) -> None:
    found, values, _ = learned(finished, 22)
    assert [step.num_known for step in found.steps] == [10, 15, 20, 22]
    assert [step.num_next for step in found.steps] == [10, 7, 2, 0]
    assert [step.best for step in found.steps] == [values[:stop].min() for stop in (10, 15, 20, 22)]
    assert found.values.tolist() == values.tolist()
    assert found.steps[-1].coming is None


def test_the_last_step_is_what_the_record_says(finished: RunFolder) -> None:
    facts = with_trials(read_facts(finished), trials(np.random.default_rng(2).normal(size=16).tolist()))
    everything = held_out(facts.session.experiment, facts.pricing, facts.complete, facts.session.seed)
    found = learning(facts, everything)
    assert found is not None
    measured = facts.measured(facts.complete)
    assert found.steps[-1].known.value == quality(everything, measured).kendall_tau
    assert found.steps[-1].regret == top_k_regret(everything.mean, measured, k=1)


def test_what_was_foretold_pools_each_later_trial_once(finished: RunFolder) -> None:
    found, values, _ = learned(finished, 22)
    assert found.foretold.num_points == 12
    known = np.repeat([values[:10].mean(), values[:15].mean(), values[:20].mean()], [5, 5, 2])
    inside = np.abs(values[10:] - known) <= 0.6744897501960817
    assert found.foretold.calibration.shares[0].value == pytest.approx(inside.mean(), abs=1e-9)


def test_a_formula_that_can_be_learned_is_ranked_ahead(finished: RunFolder) -> None:
    rows = trials([0.0] * 30)
    facts = with_trials(read_facts(finished), trials([sum(trial.architecture) / 10 for trial in rows]))
    found = learning(facts, held_out(facts.session.experiment, facts.pricing, facts.complete, 0))
    assert found is not None and found.foretold.tau.value > 0.9 and found.foretold.tau.low > 0.8


def test_ten_trials_make_no_course(finished: RunFolder) -> None:
    facts = with_trials(read_facts(finished), trials(list(np.linspace(0, 1, 10))))
    assert learning(facts, held_out(facts.session.experiment, facts.pricing, facts.complete, 0)) is None
