"""Which choices matter: a formula's own shares are found again, and every case without an answer has its sentence."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from jaxtyping import Float

from launch.report.facts.facts import Facts, read_facts
from launch.report.sections.importance import Matters, _findings, _importance, matters
from launch.session import RunFolder
from nas.feasible import InfeasibleError
from nas.search import Prediction
from tests.experiments.tiny import SPACE
from tests.launch.report.synthetic import trials, with_trials

NAMES = [choice.name for choice in SPACE.choices]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Predicts a weighted sum of the six scaled decisions, whatever it is shown; also the fitted thing."""

    weights: tuple[float, ...]

    def fit(self, X: Float[np.ndarray, "n f"], y: Float[np.ndarray, "n"]) -> "Line":
        return self

    def predict(self, X: Float[np.ndarray, "m f"]) -> Prediction:
        return Prediction(mean=self.predict_mean(X), std=np.ones(len(X)))

    def predict_mean(self, X: Float[np.ndarray, "m f"]) -> Float[np.ndarray, "m"]:
        return np.asarray(X[:, : len(self.weights)] @ np.array(self.weights))

    def fantasise(self, X_pending: Float[np.ndarray, "p f"]) -> "Line":
        return self


def facts_of(folder: RunFolder, *weights: float, num_trials: int = 12, limits: bool = False) -> Facts:
    """Facts of a run whose predictor is a line."""
    values = np.random.default_rng(0).normal(size=num_trials).tolist()
    facts = with_trials(read_facts(folder), trials(values), Line(weights=weights))
    return facts if limits else replace(facts, limits=(), binding=())


def test_without_limits_the_shares_of_a_line_are_its_squared_weights(finished: RunFolder) -> None:
    """Every decision of the tiny space has four evenly spaced options, so all scaled ones have one variance."""
    weights = np.array([3.0, 2.0, 0.0, 1.0, 0.5, 0.0])
    facts = facts_of(finished, *weights)
    for finding in _findings(facts, _importance(facts, 10), 10):
        place = NAMES.index(finding.choice.name)
        expected = weights[place] ** 2 / (weights**2).sum()
        assert finding.share.low <= expected <= finding.share.high
        assert finding.spread == pytest.approx(weights[place] * np.sqrt(5) / 6)
        assert finding.means - finding.means.mean() == pytest.approx(weights[place] * (np.arange(4) / 3 - 0.5))


def test_findings_are_sorted_and_all_are_in_the_table(finished: RunFolder) -> None:
    found = matters(facts_of(finished, 0.0, 0.0, 3.0, 1.0), is_replicated=True, is_doubtful=False)
    assert isinstance(found, Matters)
    assert [row[0].text for row in found.table.rows[:2]] == [NAMES[2], NAMES[3]]
    assert len(found.table.rows) == len(NAMES) and len(found.effects) == 4
    assert "among all architectures." in found.sentences[-1] and "over all architectures." in found.note
    assert f"{NAMES[2]} 9" in found.sentences[-1] and len(found.sentences) == 1
    assert found.table.rows[0][3].text == str(SPACE.choices[2].options[0])  # the least of a rising line


def test_a_doubtful_predictor_is_doubted(finished: RunFolder) -> None:
    found = matters(facts_of(finished, 1.0), is_replicated=False, is_doubtful=True)
    assert isinstance(found, Matters) and "cannot be told from chance" in found.sentences[0]
    assert "intervals" not in found.bars.caption and "intervals" not in found.note


def test_limits_are_kept(finished: RunFolder) -> None:
    """Only feasible architectures are judged, so the mean prediction is the feasible set's."""
    facts = facts_of(finished, *[1.0] * 6, limits=True)
    feasible = facts.pricing.feasible(facts.limits, facts.session.seed)
    sample = feasible.sample(4000, np.random.default_rng(0))
    expected = (sample / 3).sum(axis=1)
    found = _importance(facts, 0)
    assert found.mean == pytest.approx(expected.mean(), abs=5 * expected.std() / np.sqrt(1000))
    assert found.mean < 2.9  # all architectures together: 3


def test_too_few_trials_are_too_few(finished: RunFolder) -> None:
    told = matters(facts_of(finished, 1.0, num_trials=3), is_replicated=True, is_doubtful=False)
    assert told == "Which choices matter is not told before 4 trials are complete."


def test_a_predictor_that_expects_the_same_everywhere_says_so(finished: RunFolder) -> None:
    told = matters(facts_of(finished, 0.0), is_replicated=True, is_doubtful=False)
    assert told == "The predictor expects the same error of every architecture: to it, no choice matters."


def test_limits_that_nothing_meets_are_told(finished: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise InfeasibleError("nothing meets macs <= 1")

    monkeypatch.setattr("launch.pricing.pricing.certify", refuse)
    told = matters(facts_of(finished, 1.0, limits=True), is_replicated=True, is_doubtful=False)
    assert told == "Which choices matter cannot be told: nothing meets macs <= 1."
