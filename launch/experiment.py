"""The definition of an experiment: everything that is searched, and nothing about where or how it runs.

An experiment is a function that returns an `Experiment`; `launch/experiments/NAME.py` calls it `experiment`, and a
user's own file does the same. Flags of the command only say where and how to run.
"""

import difflib
import re
from collections.abc import Callable
from dataclasses import dataclass, fields
from numbers import Real
from pathlib import Path
from types import ModuleType
from typing import Any

from nas.costs import AnyResource
from nas.depth.data import Meaning
from nas.depth.data.sets import DataSet
from nas.devices import Device
from nas.plugins import DEVICES, PREDICTORS, RESOURCES, SPACES, STRATEGIES, Kind
from nas.record import Evaluator
from nas.record.checkpoints import Checkpoints
from nas.search import MakeStrategy, Predictor, Rungs
from nas.space import Space

DEFAULT_ETA = 4.0
LATENCY = "latency_ms."
"""A device's resource is called so, with its key."""
AS_WRITTEN = Meaning()


def say_nothing(text: str) -> None:
    """Discard a message: the default of `Workplace.say`."""


class ExperimentError(ValueError):
    """An experiment with an invalid field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workplace:
    """What an experiment may need to know of the machine when it prepares its evaluator.

    Attributes:
      cache: a folder for what can be made again, such as a rendered data set.
      data: the user's own data set, None for the experiment's default; of several, the first.
      sets: the same with their readers and weights; empty where only a path is known.
      depth: what the numbers in the user's own depth files mean.
      workers: processes that preparation may use.
      progress: told (what, done, total).
      say: told, in a sentence, what the user should know before the first trial, such as how their data were read.
      checkpoints: where trainings may keep themselves, None for nowhere; an evaluator may do without.
    """

    cache: Path
    data: Path | None
    workers: int
    progress: Callable[[str, int, int], None]
    checkpoints: Checkpoints | None = None
    depth: Meaning = AS_WRITTEN
    sets: tuple[DataSet, ...] = ()
    say: Callable[[str], None] = say_nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """A search to run.

    Attributes:
      make_evaluator: prepares the data and returns what trains a candidate; called once, on the driver. What it
        returns may say what its task calls things, see `nas.record.task_card`.
      predictor: learns the objective; `predictors/NAME.py` exports one.
      strategy: makes what decides which architectures are trained, see `nas.search.strategy`; None for ChamNet's
        search, and with rungs for `nas.strategies.halving`.
      resources: priced without measuring; a limit may name any of them.
      devices: each is profiled once per machine and gives the resource "latency_ms.<key>".
      limits: hold unless the command gives others, such as "macs <= 0.4 * published".
      baseline: the space's reference architecture that "baseline" stands for in limits.
      num_design: space-filling trials before the predictor guides; part of `num_trials`. On tables of up to 27
        decisions 8 were enough; more keep workers busy that would wait (docs/bench.md, "The opening").
      reads_sets: whether `make_evaluator` reads `place.sets`; otherwise it is given one path, which it reads itself.
      fidelity: training budget of a search trial, in the evaluator's measure.
      rungs: smaller budgets, ascending, at which architectures are tried first; none for a search at `fidelity` alone.
        A rung of 0 is a score by weights that all candidates share, see `nas.record.SharesWeights`.
      eta: with rungs, one in so many of a rung's complete trials is trained again on the next.
      shared_steps: of the training of those weights, before the first trial; None without a rung of 0.
      lag: how many of the latest trials a proposal does without, see `nas.search.loop`; None for twice the workers.
      num_finalists: how many are trained again, at `final_fidelity`.
      final_seeds: under so many seeds each final is trained; limits and the winner go by the means.
      int8_finals: steps of a training in int8 that each final gets, so that the best network as shipped wins; 0 only
        learns the ranges, None measures in float32 alone. Of a search with one objective.
      objective: the metric that is learned, and minimised unless `minimise` names something else; a limit may name it.
      minimise: a resource, the least of which is sought among networks that meet the limit on the objective, such as
        "error <= 1.02 * baseline"; None for the objective itself.
      objectives: of a search for a front, what is minimised together: metrics, `objective` the first, then resources;
        none for a search with one objective.

    Raises:
      ExperimentError: a field is of another kind than it must be, or out of its range.
    """

    name: str
    space: Space
    make_evaluator: Callable[[Workplace], Evaluator]
    predictor: Predictor
    strategy: MakeStrategy | None = None
    resources: tuple[AnyResource, ...]
    devices: tuple[Device, ...] = ()
    limits: tuple[str, ...] = ()
    baseline: str | None = None
    num_design: int
    num_trials: int
    fidelity: int
    num_finalists: int
    final_fidelity: int
    final_seeds: int = 1
    int8_finals: int | None = None
    objective: str = "error"
    minimise: str | None = None
    objectives: tuple[str, ...] = ()
    rungs: tuple[int, ...] = ()
    eta: float = DEFAULT_ETA
    shared_steps: int | None = None
    lag: int | None = None
    reads_sets: bool = False

    def __post_init__(self) -> None:
        _check_parts(self)
        _check_texts(self)
        _check_counts(self)

    @property
    def ladder(self) -> Rungs | None:
        """The rungs up to the full fidelity; None if there is that one only.

        Raises:
          ValueError: they do not ascend, or eta is no reduction.
        """
        return Rungs(fidelities=(*self.rungs, self.fidelity), eta=self.eta) if self.rungs else None

    @property
    def aims(self) -> tuple[str, ...]:
        """Everything that is minimised."""
        return self.objectives or (self.minimise or self.objective,)

    @property
    def costs(self) -> tuple[str, ...]:
        """The resources among what is minimised: known without training."""
        return tuple(name for name in self.aims if self.is_resource(name))

    @property
    def metrics(self) -> tuple[str, ...]:
        """What every training must measure: `objective`, and further metrics of a front."""
        return tuple(dict.fromkeys((self.objective, *(name for name in self.aims if not self.is_resource(name)))))

    def is_resource(self, name: str) -> bool:
        """Whether a name is a resource's rather than a metric's: of the experiment, a device or a file of one's own."""
        own = {resource.name for resource in self.resources}
        return name in own or name.startswith(LATENCY) or ".py:" in name


def field_mistake(error: TypeError) -> str | None:
    """What is wrong with the names of the fields that an `Experiment` was to be made of; None if that is not it."""
    said, known = str(error), [field.name for field in fields(Experiment)]
    if not said.startswith("Experiment.__init__() "):
        return None
    if unknown := re.search(r"unexpected keyword argument '(\w+)'", said):
        near = difflib.get_close_matches(unknown[1], known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}"
        return f"an Experiment has no field {unknown[1]!r}; {hint}"
    if "missing" in said:
        lacking = ", ".join(re.findall(r"'(\w+)'", said))
        return f"an Experiment lacks {lacking}; give each a value"
    return f"an Experiment's fields must be given by name ({said}); write name=.., space=.., .."


def _check_parts(experiment: Experiment) -> None:
    """Objects where objects belong: strings stand for them on the command line only."""
    _check_part("space", experiment.space, Space, SPACES)
    _check_part("predictor", experiment.predictor, Predictor, PREDICTORS)
    if experiment.strategy is not None and not callable(experiment.strategy):
        raise _not_a_part("strategy", experiment.strategy, STRATEGIES)
    for resource in _several("resources", experiment.resources):
        _check_part("resources", resource, AnyResource, RESOURCES, sign="*")
    for device in _several("devices", experiment.devices):
        _check_part("devices", device, Device, DEVICES)
    keys = [device.key for device in experiment.devices]
    if len(set(keys)) < len(keys):
        raise ExperimentError(f"devices must have a key each, got {', '.join(keys)}; rename one or leave it out")
    if not callable(experiment.make_evaluator):
        raise ExperimentError(
            f"make_evaluator must be a function of a Workplace, got {experiment.make_evaluator!r}; write its name alone"
        )


def _check_part(field: str, value: object, wanted: Any, kind: Kind, *, sign: str = "") -> None:
    if not isinstance(value, wanted) or isinstance(value, type | ModuleType):
        raise _not_a_part(field, value, kind, sign=sign)


def _not_a_part(field: str, value: object, kind: Kind, *, sign: str = "") -> ExperimentError:
    keys = kind.keys()
    example = keys[0]
    if isinstance(value, ModuleType):
        example = value.__name__.rpartition(".")[2]
    elif isinstance(value, str) and (near := difflib.get_close_matches(value, keys, n=1)):
        example = near[0]
    article = "a" if kind is not RESOURCES else "resources alone, each a"
    return ExperimentError(
        f"{field} must hold {article} {kind.name}, got {_shown(value)}; "
        f"write `from {kind.package} import {example}`, and {sign}{example}.{kind.export}"
    )


def _check_texts(experiment: Experiment) -> None:
    for field in ("name", "objective"):
        _check_text(field, getattr(experiment, field))
    if experiment.minimise is not None:
        _check_text("minimise", experiment.minimise)
    _check_objectives(experiment)
    for limit in _several("limits", experiment.limits):
        _check_text("limits", limit)
    known = sorted(experiment.space.references)
    if experiment.baseline is not None and experiment.baseline not in known:
        raise ExperimentError(
            f"baseline must be a reference of the space {experiment.space.name!r}, got {experiment.baseline!r}; "
            f"known: {', '.join(known) or 'none, leave it out'}"
        )


def _check_objectives(experiment: Experiment) -> None:
    """Two or more that differ, metrics first."""
    objectives = _several("objectives", experiment.objectives)
    for objective in objectives:
        _check_text("objectives", objective)
    if not objectives:
        return
    shown = ", ".join(objectives)
    if len(set(objectives)) < len(objectives) or len(objectives) < 2:
        raise ExperimentError(f"objectives must be two or more that differ, got {shown}; leave out what is there twice")
    if all(map(experiment.is_resource, objectives)):
        raise ExperimentError(
            f"one objective at least must be a metric that training measures, got {shown}; the front of resources "
            "alone is known without a search; add a metric such as error"
        )
    if objectives[0] != experiment.objective or experiment.minimise is not None:
        raise ExperimentError(
            f"objectives of a front begin with the metric {experiment.objective!r}, and nothing else is minimised, got "
            f"{shown} and minimise = {experiment.minimise!r}; put the metric first, and leave minimise out"
        )
    ranks = [experiment.is_resource(name) for name in objectives]
    if ranks != sorted(ranks):
        raise ExperimentError(f"objectives are metrics first, then resources, got {shown}; change their order")


def _check_text(field: str, value: object) -> None:
    if not isinstance(value, str) or not value.strip():
        raise ExperimentError(f"{field} must hold text, got {_shown(value)}; put it in quotes")


def _check_counts(experiment: Experiment) -> None:
    for field in ("num_design", "num_trials", "fidelity", "num_finalists", "final_fidelity", "final_seeds"):
        _check_count(field, getattr(experiment, field))
    for rung in _several("rungs", experiment.rungs):
        _check_count("rungs", rung, least=0)
    if experiment.shared_steps is not None:
        _check_count("shared_steps", experiment.shared_steps)
    if 0 in experiment.rungs and experiment.shared_steps is None:
        raise ExperimentError(
            f"a rung of 0 scores by weights that candidates share, got no shared_steps in experiment "
            f"{experiment.name!r}; say how long they are trained, such as shared_steps=1000, or leave the rung out"
        )
    if experiment.lag is not None and (type(experiment.lag) is not int or experiment.lag < 0):
        raise ExperimentError(f"lag must be a whole number from 0, got {_shown(experiment.lag)}; 2 is usual")
    if experiment.int8_finals is not None and (type(experiment.int8_finals) is not int or experiment.int8_finals < 0):
        raise ExperimentError(
            f"int8_finals must be a whole number of steps from 0, got {_shown(experiment.int8_finals)}; None is for "
            "float32 alone"
        )
    if experiment.num_design > experiment.num_trials:
        raise ExperimentError(
            f"num_design is part of num_trials, got {experiment.num_design} of {experiment.num_trials}; "
            "lower it, or raise num_trials"
        )
    if not isinstance(experiment.eta, Real):
        raise ExperimentError(f"eta must be a number above 1, got {_shown(experiment.eta)}; 4 is usual")
    try:
        _ = experiment.ladder
    except ValueError as error:
        raise ExperimentError(str(error)) from None


def _check_count(field: str, value: object, *, least: int = 1) -> None:
    if type(value) is not int or value < least:  # a bool is an int to Python, and numpy's cannot be written as JSON
        raise ExperimentError(f"{field} must be a whole number from {least}, got {_shown(value)}; write one such as 10")


def _several(field: str, value: object) -> tuple[Any, ...]:
    if not isinstance(value, tuple | list):
        raise ExperimentError(
            f"{field} must be a tuple, got {_shown(value)}; one alone is written with a comma: {field}=(..,)"
        )
    return tuple(value)


def _shown(value: object) -> str:
    """A value as a person wrote it, cut short."""
    if isinstance(value, ModuleType):
        return f"the module {value.__name__}"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
