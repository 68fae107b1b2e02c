"""Every predictor's intervals against functions whose noise is known.

Features are those of a search: one-hot choices and ordinal ones. Each function has standard deviation 1 over its
space. Held-out points carry the noise as well, because `std` speaks of measurements.
"""

from collections.abc import Callable, Mapping

import numpy as np
import pytest
from jaxtyping import Float, Int

from nas.plugins import PREDICTORS
from nas.search import Predictor, coverage

NOISE_STD = 0.3
NUM_CHOICES, NUM_OPTIONS = 6, 4
NUM_TRAINING, NUM_HELD_OUT, NUM_SEEDS = 80, 500, 6

TOLERANCE = {0.5: 0.12, 0.8: 0.10, 0.95: 0.06}
"""How far a pooled share may lie from its level, on either side.

The binomial error of 3,000 held-out points is at most 0.01, but the points of one fit share its errors: 80 points tell
a standard deviation within 1 / sqrt(2 x 80) = 8 %, six fits within 3 %, which moves the shares by up to 0.014. Three
standard errors of both together are 0.05. The rest allows for models that are wrong about a function, and for
hyperparameters taken for known: both make intervals too narrow at 80 points, by up to 0.08 for a Gaussian process or a
forest on interactions.
"""

Table = tuple[Float[np.ndarray, "n f"], Float[np.ndarray, "n"]]


# `auto` answers as the members that it chooses, and each of them is here; fitting all six times over takes minutes.
SLOW = {"mlp"}
KEYS = [pytest.param(key, marks=pytest.mark.slow) if key in SLOW else key for key in PREDICTORS.keys() if key != "auto"]


@pytest.fixture(params=KEYS)
def predictor(request: pytest.FixtureRequest) -> Predictor:
    found = PREDICTORS.load(request.param)
    assert isinstance(found, Predictor)
    return found


def one_hot(codes: Int[np.ndarray, "n d"]) -> Float[np.ndarray, "n f"]:
    return np.concatenate([np.eye(NUM_OPTIONS)[column] for column in codes.T], axis=1)


def linear(codes: Int[np.ndarray, "n d"], rng: np.random.Generator) -> Table:
    """Every option of every choice has its own effect."""
    effects = rng.standard_normal((codes.shape[1], NUM_OPTIONS))
    return one_hot(codes), effects[np.arange(codes.shape[1]), codes].sum(axis=1)


def curved(codes: Int[np.ndarray, "n d"], rng: np.random.Generator) -> Table:
    """Ordinal features with falling returns, as of widths."""
    X = codes / (NUM_OPTIONS - 1.0)
    return X, np.asarray(-np.log(0.2 + X) @ rng.gamma(2.0, size=codes.shape[1]))


def interacting(codes: Int[np.ndarray, "n d"], rng: np.random.Generator) -> Table:
    """Effects of options, and of every pair of neighbouring choices' options."""
    X, y = linear(codes, rng)
    effects = rng.standard_normal((codes.shape[1] - 1, NUM_OPTIONS, NUM_OPTIONS))
    return X, y + 0.7 * effects[np.arange(codes.shape[1] - 1), codes[:, :-1], codes[:, 1:]].sum(axis=1)


FUNCTIONS: Mapping[str, Callable[[Int[np.ndarray, "n d"], np.random.Generator], Table]] = {
    "linear": linear,
    "curved": curved,
    "interacting": interacting,
}


def draw(name: str, num_points: int, num_choices: int, rng: np.random.Generator) -> Table:
    """Points of a function with standard deviation 1, measured with noise."""
    X, y = FUNCTIONS[name](rng.integers(0, NUM_OPTIONS, (num_points, num_choices)), rng)
    return X, (y - y.mean()) / y.std() + NOISE_STD * rng.standard_normal(num_points)


@pytest.mark.slow
@pytest.mark.parametrize("function", FUNCTIONS)
def test_intervals_hold_what_they_claim(predictor: Predictor, function: str) -> None:
    inside = []
    for seed in range(NUM_SEEDS):
        X, y = draw(function, NUM_TRAINING + NUM_HELD_OUT, NUM_CHOICES, np.random.default_rng(seed))
        prediction = predictor.fit(X[:NUM_TRAINING], y[:NUM_TRAINING]).predict(X[NUM_TRAINING:])
        inside.append([coverage(prediction, y[NUM_TRAINING:], level=level) for level in TOLERANCE])
    for level, share in zip(TOLERANCE, np.mean(inside, axis=0), strict=True):
        assert share == pytest.approx(level, abs=TOLERANCE[level]), f"{level:.0%} intervals hold {share:.1%}"


def test_with_many_points_the_noise_is_what_remains(predictor: Predictor) -> None:
    """On a linear function of two choices, which every predictor can learn; 600 points tell 0.3 within 3 %."""
    X, y = draw("linear", 600, 2, np.random.default_rng(0))
    prediction = predictor.fit(X, y).predict(X)
    assert float(prediction.std.mean()) == pytest.approx(NOISE_STD, rel=0.15)
