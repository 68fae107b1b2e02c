"""A space that can be listed, with an error that falls and a cost that rises; strategies are tried on it."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Float, Int8

from nas.genetic import Problem
from nas.record import Proposal, State, Trial
from nas.search import Fitted, Prediction, Task
from predictors import ridge

NUM_OPTIONS = np.array([4, 4, 4, 4])
EVERYTHING = np.array(list(itertools.product(range(4), repeat=4)), dtype=np.int8)
MAX_SUM = 8
FEASIBLE = EVERYTHING[EVERYTHING.sum(axis=1) <= MAX_SUM]
DESIGN = FEASIBLE[::25]
ERROR_WEIGHTS, COST_WEIGHTS = np.array([0.05, 0.03, 0.02, 0.01]), np.array([1.0, 1.0, 3.0, 0.2])


def both(population: Int8[np.ndarray, "n 4"]) -> Float[np.ndarray, "n 2"]:
    """Error and cost."""
    return np.column_stack([1 - population @ ERROR_WEIGHTS, population @ COST_WEIGHTS])


def error(architecture: Sequence[int]) -> float:
    return float(both(np.array([architecture], dtype=np.int8))[0, 0])


def features(population: Int8[np.ndarray, "n 4"]) -> Float[np.ndarray, "n 4"]:
    return population / 3.0


def sample(n: int, rng: np.random.Generator) -> Int8[np.ndarray, "n 4"]:
    return rng.choice(FEASIBLE, n)


ONE = Task(
    objectives=("error",),
    opening=tuple(Proposal(architecture=tuple(row), origin="design") for row in DESIGN.tolist()),
    sample=sample,
    features=features,
    predictor=ridge.PREDICTOR,
    problem=Problem(num_options=NUM_OPTIONS, constraints=lambda p: p.sum(axis=1)[:, None] - float(MAX_SUM)),
)
TWO = replace(ONE, objectives=("error", "cost"))


def listed(task: Task) -> Task:
    return replace(task, candidates=FEASIBLE)


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
