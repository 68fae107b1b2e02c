"""pymoo's genetic algorithms as strategies, by its ask-and-tell interface, every decision a `Choice`.

The algorithm is its `MixedVariableGA`, which is how pymoo does choices, with `FitnessSurvival` for one objective and
`RankAndCrowding` for several (then it is NSGA-II). Two settings are ours, because its own serve larger budgets: a
population of 10 for 50, and a mutation of one decision in d where its default redraws every second one.

A generation is handed out one by one. What in it is known already, or infeasible, costs nothing: it gets its value, or
its violation, as pymoo's constraint, without a training; a failed training counts as infeasible too. Where several are
trained at once, a generation is closed with those that have ended, and the others join the next one. After `MAX_TURNS`
without anything to train, the untried architecture nearest to the last one is taken, or a random one where mating has
nothing new; it becomes a member of the next generation.
"""

from collections import deque
from collections.abc import Sequence
from typing import Any

import numpy as np
from pymoo.algorithms.soo.nonconvex.ga import FitnessSurvival
from pymoo.core.evaluator import Evaluator
from pymoo.core.individual import Individual
from pymoo.core.mixed import MixedVariableDuplicateElimination, MixedVariableGA, MixedVariableMating
from pymoo.core.population import Population
from pymoo.core.problem import Problem
from pymoo.core.termination import NoTermination
from pymoo.core.variable import Choice
from pymoo.operators.crossover.ux import UX
from pymoo.operators.mutation.rm import ChoiceRandomMutation
from pymoo.operators.survival.rank_and_crowding import RankAndCrowding
from pymoo.problems.static import StaticProblem

from launch.bench.peers._shared import Patience, nearest, seen_in, untried
from nas.record import Proposal, Trial
from nas.search import Strategy, Task
from nas.space import Architecture

POPULATION = 10
MAX_TURNS = 200
MIN_PARENTS = 2


class PymooPeer:
    """A pymoo algorithm as a strategy; keeps what is left of its generation, and what of it has a value."""

    def __init__(self, task: Task, survival: Any) -> None:
        self._task = task
        self._survival = survival
        self._algorithm: Any = None
        self._patience = Patience(MAX_TURNS)
        self._generation: deque[Any] = deque()
        self._open: dict[Architecture, Any] = {}
        self._valued: list[tuple[Any, list[float], float]] = []

    def propose(self, done: Sequence[Trial], pending: Sequence[Trial], rng: np.random.Generator) -> Proposal:
        """Raises Exhausted once every candidate has been trained."""
        if self._algorithm is None:
            self._algorithm = self._new_algorithm(int(rng.integers(2**31)))
        ended, seen = {trial.architecture: trial for trial in done}, seen_in([*done, *pending])
        for architecture in [known for known in self._open if known in ended]:
            self._value(self._open.pop(architecture), ended[architecture])
        wish = None
        for _ in range(self._patience.asks):
            if not self._generation and not self._next_generation():
                break
            individual = self._generation.popleft()
            architecture = wish = _architecture(individual)
            if (violation := self._violation(architecture)) > 0:
                self._valued.append((individual, self._nothing(), violation))
            elif architecture in ended:
                self._value(individual, ended[architecture])
            elif architecture not in seen:
                self._open[architecture] = individual
                self._patience.reward()
                return Proposal(architecture=architecture, origin="genetic")
        self._patience.punish()
        replacement = untried(self._task, seen, rng) if wish is None else nearest(self._task, wish, seen, rng)
        self._open[replacement] = Individual(X={f"x{i}": option for i, option in enumerate(replacement)})
        return Proposal(architecture=replacement, origin="random" if wish is None else "nearest")

    def _new_algorithm(self, seed: int) -> Any:
        num_options = self._task.problem.num_options.tolist()
        choices = {f"x{i}": Choice(options=range(count)) for i, count in enumerate(num_options)}
        mating = MixedVariableMating(
            crossover={Choice: UX()},
            mutation={Choice: ChoiceRandomMutation(prob_var=1 / len(num_options))},
            eliminate_duplicates=MixedVariableDuplicateElimination(),
        )
        algorithm = MixedVariableGA(pop_size=POPULATION, survival=self._survival, mating=mating)
        problem = Problem(vars=choices, n_obj=len(self._task.objectives), n_ieq_constr=1)
        algorithm.setup(problem, seed=seed, termination=NoTermination())
        return algorithm

    def _next_generation(self) -> bool:
        """Tell what has ended and ask for more; False if there is nothing to breed from yet, or nothing new."""
        if self._algorithm.is_initialized or len(self._valued) >= MIN_PARENTS:
            if not self._valued:
                return False
            self._tell()
        elif self._open:
            return False
        asked = self._algorithm.ask()  # None once mating finds nothing new
        self._generation.extend(asked if asked is not None else ())
        return bool(self._generation)

    def _tell(self) -> None:
        individuals, values, violations = zip(*self._valued, strict=True)
        population = Population.create(*individuals)
        static = StaticProblem(self._algorithm.problem, F=np.array(values), G=np.array(violations)[:, None])
        Evaluator(skip_already_evaluated=False).eval(static, population)
        self._algorithm.tell(infills=population)
        self._valued.clear()

    def _value(self, individual: Any, trial: Trial) -> None:
        if trial.state == "complete":
            self._valued.append((individual, [trial.metrics[name] for name in self._task.objectives], 0.0))
        else:
            self._valued.append((individual, self._nothing(), 1.0))

    def _nothing(self) -> list[float]:
        """Stands for objectives that do not exist; pymoo compares infeasible ones by their violation alone."""
        return [0.0] * len(self._task.objectives)

    def _violation(self, architecture: Architecture) -> float:
        constraints = self._task.problem.constraints
        return 0.0 if constraints is None else float(constraints(np.array([architecture], np.int8)).clip(0).sum())


def _architecture(individual: Any) -> Architecture:
    return tuple(int(option) for option in individual.X.values())


def ga(task: Task) -> Strategy:
    """Raises ValueError for several objectives."""
    _ = task.objective
    return PymooPeer(task, FitnessSurvival())


def nsga2(task: Task) -> Strategy:
    """Raises ValueError for one objective."""
    if len(task.objectives) < 2:
        raise ValueError(f"pymoo_nsga2 is for several objectives, got {task.objective} alone; take pymoo_ga")
    return PymooPeer(task, RankAndCrowding())
