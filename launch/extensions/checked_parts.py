"""Checked wrappers of users' strategies and predictors: what they do wrong is one sentence with their name.

A slip in a file of the user's own shows when it is loaded, or in the trial that `check_predictor` and `check_strategy`
make of it; what only shows later ends the search with the same kind of sentence, and every trial is kept.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
from jaxtyping import Float

from nas.plugins import PREDICTORS, STRATEGIES, Kind, PluginError
from nas.record import Exhausted, Proposal, Trial
from nas.search import Fitted, MakeStrategy, Prediction, Predictor, Strategy, Task
from nas.space import Architecture, Space

NUM_PROBED = 8
"""Made-up trials that a strategy and a predictor are shown before anything is trained."""


class PartError(ValueError):
    """A strategy or a predictor that refuses the task, breaks its rules, or fails."""


@contextmanager
def blamed(name: str) -> Iterator[None]:
    """Name the part, such as "strategy mine.py", in whatever it raises, but for `Exhausted`, which is no error."""
    try:
        yield
    except (Exhausted, PartError):
        raise
    except Exception as error:
        kind = "" if isinstance(error, ValueError) else f"{type(error).__name__}: "
        raise PartError(f"{name}: {kind}{error}") from error


def load_strategy(reference: str) -> MakeStrategy:
    """What makes the strategy of a key, a dotted path or a file.

    Raises:
      PluginError: it is unknown, or exports nothing that can be called.
    """
    make = STRATEGIES.load(reference)
    if not callable(make):
        raise PluginError(_export_text(reference, STRATEGIES, "a class or a function that takes `task`", make))
    return cast(MakeStrategy, make)


def load_predictor(reference: str) -> Predictor:
    """The predictor of a key, a dotted path or a file.

    Raises:
      PluginError: it is unknown, or exports something that cannot be fitted.
    """
    predictor = PREDICTORS.load(reference)
    if isinstance(predictor, type) or not isinstance(predictor, Predictor):
        raise PluginError(_export_text(reference, PREDICTORS, "an object with a method `fit`", predictor))
    return predictor


def _export_text(reference: str, kind: Kind, wanted: str, got: object) -> str:
    made = f"{got.__name__}()" if isinstance(got, type) else ".."
    return f"{kind.export} of {reference} must be {wanted}, got {_told(got)}; write {kind.export} = {made}"


def _told(value: object) -> str:
    """An object in words, without the module's made-up name or an address in memory."""
    return f"the class {value.__qualname__}" if isinstance(value, type) else f"an object of {type(value).__qualname__}"


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnStrategy:
    """Makes a strategy that is not ours. `name` is for messages, `fidelity` is the full one."""

    name: str
    load: Callable[[], MakeStrategy]
    fidelity: int

    def __call__(self, *, task: Task) -> Strategy:
        """The strategy, its proposals checked.

        Raises:
          PartError: it refuses the task or fails; and whatever `load` raises.
        """
        make = self.load()
        with blamed(self.name):
            strategy = make(task=task)
            if not callable(getattr(strategy, "propose", None)):
                raise TypeError(f"a strategy has a method propose(done, pending, rng), got {_told(strategy)}")
        fidelities = task.rungs.fidelities if task.rungs else (self.fidelity,)
        return CheckedStrategy(name=self.name, strategy=strategy, task=task, fidelities=fidelities)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedStrategy:
    """Strategy wrapper that checks every proposal. `name` is for messages; the last of `fidelities` is the full one."""

    name: str
    strategy: Strategy
    task: Task
    fidelities: tuple[int, ...]

    def propose(self, done: Sequence[Trial], pending: Sequence[Trial], rng: np.random.Generator) -> Proposal:
        """The strategy's proposal.

        Raises:
          PartError: the strategy fails, or proposes what is known already, does not exist or breaks a limit.
        """
        with blamed(self.name):
            proposal = self.strategy.propose(done, pending, rng)
            if not isinstance(proposal, Proposal):
                raise TypeError(f"propose must return a Proposal, got {_told(proposal)}")
            _check_exists(proposal, self.task)
            check_new(proposal, [*done, *pending], self.fidelities)
        return proposal


def _check_exists(proposal: Proposal, task: Task) -> None:
    row, num_options = proposal.architecture, task.problem.num_options.tolist()
    if not isinstance(row, tuple) or not all(isinstance(option, int) for option in row):
        raise ValueError(f"an architecture is a tuple of ints, got {row!r}; write tuple(row.tolist())")
    if len(row) != len(num_options) or not all(0 <= option < n for option, n in zip(row, num_options, strict=True)):
        raise ValueError(f"{row} is no architecture of the space; decision i has options 0 .. num_options[i] - 1")
    if not task.problem.is_feasible(np.array([row], np.int8))[0]:
        raise ValueError(f"{row} breaks a limit; propose what `task.problem` calls feasible, as `task.sample` draws")


def check_new(proposal: Proposal, known: Sequence[Trial], fidelities: Sequence[int]) -> None:
    """Refuse what was asked before.

    Args:
      fidelities: those at which the search trains, the full one last.

    Raises:
      ValueError: the architecture is known at this fidelity, or the fidelity is none of the search's.
    """
    fidelity = fidelities[-1] if proposal.fidelity is None else proposal.fidelity
    if any(trial.architecture == proposal.architecture and trial.fidelity == fidelity for trial in known):
        raise ValueError(
            f"{proposal.architecture} was proposed twice; a search asks once for an architecture at a fidelity"
        )
    if fidelity not in fidelities:
        raise ValueError(f"the search knows no training that costs {fidelity}; keep to `task.rungs`")


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnPredictor:
    """Predictor wrapper that checks a user's predictor. `name` is for messages."""

    name: str
    load: Callable[[], Predictor]

    def fit(self, X: Float[np.ndarray, "n f"], y: Float[np.ndarray, " n"]) -> Fitted:
        """See `nas.search.Predictor`.

        Raises:
          PartError: it fails, or what it has fitted predicts no finite numbers with positive deviations; and whatever
            `load` raises.
        """
        predictor = self.load()
        with blamed(self.name):
            fitted = predictor.fit(X, y)
            _check_fitted(fitted, X)
        return fitted


def _check_fitted(fitted: Any, X: Float[np.ndarray, "n f"]) -> None:
    for method in ("predict", "predict_mean", "fantasise"):
        if not callable(getattr(fitted, method, None)):
            raise TypeError(f"what fit returns must have a method {method}, got {_told(fitted)}")
    prediction = fitted.predict(X)
    if not isinstance(prediction, Prediction):
        raise TypeError(f"predict must return a Prediction, got {_told(prediction)}")
    for name, values in (("mean", prediction.mean), ("std", prediction.std), ("predict_mean", fitted.predict_mean(X))):
        if np.shape(values) != (len(X),) or not np.isfinite(values).all():
            raise ValueError(f"{name} must be {len(X)} finite numbers for {len(X)} rows, got {values!r}")
    if not (prediction.std > 0).all():
        raise ValueError(f"std must be positive, got {prediction.std.min():g}; give a small one where it is sure")


def check_predictor(own: OwnPredictor, space: Space) -> None:
    """Try it on made-up trials.

    Raises:
      PartError: it cannot be used; and whatever its `load` raises.
    """
    population = space.sample(NUM_PROBED, np.random.default_rng(0))
    X, y = space.encode(population), np.linspace(0.2, 0.9, NUM_PROBED)
    fitted = own.fit(X, y)
    with blamed(own.name):
        _check_fitted(fitted.fantasise(X[:1]), X)


def check_strategy(own: OwnStrategy, task: Task) -> None:
    """Make it and ask it for a first proposal, and for one that made-up trials go before.

    Raises:
      PartError: it cannot be used; and whatever its `load` raises.
    """
    strategy, rng = own(task=task), np.random.default_rng(0)
    rows = np.unique(task.sample(2 * NUM_PROBED, rng), axis=0)[:NUM_PROBED].tolist()
    *done, last = [_made_up(task, ticket, tuple(row), own.fidelity) for ticket, row in enumerate(rows)]
    with suppress(Exhausted):  # of a space of a few
        strategy.propose([], [], rng)
        strategy.propose(done, [replace(last, state="running", metrics={})], rng)


def _made_up(task: Task, ticket: int, architecture: Architecture, fidelity: int) -> Trial:
    return Trial(
        phase="search",
        ticket=ticket,
        architecture=architecture,
        fidelity=fidelity,
        origin="made up",
        state="complete",
        metrics=dict.fromkeys(task.objectives, 0.5 - 0.01 * ticket),
    )
