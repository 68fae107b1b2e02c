"""The strategy and the predictor of a run: those that the command names, or else the experiment's.

random                     a key or a dotted path
{"mine.py": {file, ..}}    a file of the user's own, kept with its digest
{"experiment": "Mine"}     an object of the experiment's that has no key; the experiment must have it still

A run keeps them so in experiment.json, under the names of their kinds. They are loaded when they are needed: a run can
be looked at without them.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
from jaxtyping import Float, Int8

from launch.experiment import Experiment
from launch.extensions.checked_parts import (
    OwnPredictor,
    OwnStrategy,
    PartError,
    check_predictor,
    check_strategy,
    load_predictor,
    load_strategy,
)
from launch.extensions.file_digests import KeptFile, path_of
from nas.genetic import Problem
from nas.plugins import PREDICTORS, STRATEGIES, Kind
from nas.search import MakeStrategy, Predictor, Task
from nas.strategies import chamnet, front, halving, random

LOADERS: Mapping[Kind, Callable[[str], Any]] = {STRATEGIES: load_strategy, PREDICTORS: load_predictor}
USES = {STRATEGIES: "proposes", PREDICTORS: "predicts"}
SETTINGS = tuple(kind.name for kind in LOADERS)
MINIMISE_COSTS = (chamnet.STRATEGY, halving.STRATEGY, random.STRATEGY)
"""Strategies for a task with a goal; one of the user's own looks after itself."""
ALONG_FRONTS = (front.STRATEGY, random.STRATEGY)
"""Strategies for several objectives; likewise."""
OWN = "experiment"  # marks, in experiment.json, what has no name but in the experiment

Kept = str | Mapping[str, Any]
"""A strategy or a predictor as experiment.json has it, see above."""


def record(experiment: Experiment, old: Mapping[str, Any], references: Mapping[str, str | None]) -> dict[str, Kept]:
    """For experiment.json: what the command names, else what the run has, else the experiment's.

    Args:
      experiment: with the rungs of the run.
      old: settings of the run that is continued; one of a version that kept none of this goes on without.
      references: by kind, None where the command names none.

    Raises:
      PluginError: there is no such strategy, predictor or file.
    """
    found: dict[str, Kept] = {}
    for kind in LOADERS:
        kept, reference = old.get(kind.name), references.get(kind.name)
        if reference is not None:
            found[kind.name] = _named(kind, reference, kept)
        elif kept is not None and not _is_own(kept):
            found[kind.name] = kept
        elif kept is not None or not old:
            found[kind.name] = _of(experiment, kind)
    return found


def still_own(experiment: Experiment, settings: Mapping[str, Any]) -> dict[str, Kept]:
    """What a run has of the experiment itself, as the experiment has it now: see that they are equal."""
    return {kind.name: _of(experiment, kind) for kind in LOADERS if _is_own(settings.get(kind.name))}


def with_parts(experiment: Experiment, settings: Mapping[str, Any]) -> Experiment:
    """The experiment with the run's strategy and predictor; files of the user's own are not loaded yet."""
    strategy, predictor = (settings.get(name) for name in SETTINGS)
    return replace(
        experiment,
        strategy=experiment.strategy if strategy is None else _strategy(experiment, strategy),
        predictor=experiment.predictor if predictor is None else _predictor(experiment, predictor),
    )


def strategy_of(experiment: Experiment) -> MakeStrategy:
    """The experiment's, or the default: ChamNet's search, with rungs or for a front the one that is made for them."""
    default: MakeStrategy = halving.STRATEGY if experiment.rungs else chamnet.STRATEGY
    return experiment.strategy or (front.STRATEGY if experiment.objectives else default)


def check_parts(experiment: Experiment) -> None:
    """Refuse, before anything is timed or trained, a strategy or a predictor that cannot do the work.

    Raises:
      PartError, PluginError, KeptFileError, ValueError: it cannot.
    """
    space, predictor, strategy = experiment.space, experiment.predictor, strategy_of(experiment)
    if isinstance(predictor, OwnPredictor):
        check_predictor(predictor, space)
    if experiment.minimise and not isinstance(strategy, OwnStrategy) and strategy not in MINIMISE_COSTS:
        raise PartError(
            f"to minimise {experiment.minimise} takes a strategy that knows costs from what is trained, got "
            f"{shown(_of(experiment, STRATEGIES))}; leave --strategy out, or name chamnet, halving or random"
        )
    if experiment.objectives:
        _check_front(experiment)
    task = Task(
        objectives=experiment.objectives or (experiment.objective,),
        problem=Problem(num_options=space.num_options),
        sample=space.sample,
        features=space.encode,
        predictor=predictor,
        rungs=experiment.ladder,
        costs={name: _nothing for name in experiment.costs} if experiment.objectives else {},
    )
    if isinstance(strategy, OwnStrategy):
        check_strategy(strategy, task)
    else:
        strategy(task=task)


def _check_front(experiment: Experiment) -> None:
    """Refuse, in place of the strategy, what no search for a front can do."""
    if experiment.rungs:
        rungs = ", ".join(map(str, experiment.rungs))
        raise PartError(f"a front is searched at one fidelity, got the rungs {rungs}; leave them out")
    strategy = strategy_of(experiment)
    if not isinstance(strategy, OwnStrategy) and strategy not in ALONG_FRONTS:
        raise PartError(
            f"{' and '.join(experiment.objectives)} take a strategy for several objectives, got "
            f"{shown(_of(experiment, STRATEGIES))}; name front or random with --strategy"
        )


def _nothing(population: Int8[np.ndarray, "n d"]) -> Float[np.ndarray, " n"]:
    """Stands for a cost before the space has been priced."""
    return np.zeros(len(population))


def shown(kept: Kept | None) -> str:
    """A kept strategy or predictor in words."""
    if kept is None or isinstance(kept, str):
        return kept or "not recorded"
    ((name, what),) = kept.items()
    return f"the experiment's {what}" if name == OWN else name


def references(settings: Mapping[str, Any]) -> dict[str, str]:
    """What a command names to have the same, by kind; what is the experiment's own needs no name."""
    found = {}
    for name in SETTINGS:
        kept = settings.get(name)
        if kept is not None and not _is_own(kept):
            found[name] = kept if isinstance(kept, str) else str(_file(kept).path)
    return found


def _named(kind: Kind, reference: str, kept: Kept | None) -> Kept:
    """A reference as it is kept; a file that the run has already stays called as it was, whatever it holds by now."""
    if not reference.endswith(".py"):
        return _key(kind, LOADERS[kind](reference)) or reference
    if isinstance(kept, Mapping) and not _is_own(kept) and _file(kept).path == path_of(reference):
        return kept
    file = KeptFile.named(reference)
    if isinstance(kept, Mapping) and not _is_own(kept) and _file(kept).sha256 == file.sha256:
        return kept
    return {reference: file.record()}


def _of(experiment: Experiment, kind: Kind) -> Kept:
    part: Any = strategy_of(experiment) if kind is STRATEGIES else experiment.predictor
    return _key(kind, part) or {OWN: getattr(part, "__qualname__", type(part).__qualname__)}


def _key(kind: Kind, part: Any) -> str | None:
    """The key of what a built-in file exports; None for anything else, such as one of ours with other numbers."""
    package, _, key = str(getattr(part, "__module__", "")).rpartition(".")
    return key if package == kind.package and key in kind.keys() and kind.load(key) == part else None


def _is_own(kept: Kept | None) -> bool:
    return isinstance(kept, Mapping) and isinstance(kept.get(OWN), str)


def _file(kept: Mapping[str, Any]) -> KeptFile:
    ((reference, file),) = kept.items()
    return KeptFile.read(reference, file)


def _strategy(experiment: Experiment, kept: Kept) -> MakeStrategy:
    if isinstance(kept, str) and kept in STRATEGIES.keys():
        return load_strategy(kept)
    load = _loader(STRATEGIES, kept, strategy_of(experiment))
    return OwnStrategy(name=f"strategy {shown(kept)}", load=load, fidelity=experiment.fidelity)


def _predictor(experiment: Experiment, kept: Kept) -> Predictor:
    if isinstance(kept, str) and kept in PREDICTORS.keys():
        return load_predictor(kept)
    load = _loader(PREDICTORS, kept, experiment.predictor)
    return OwnPredictor(name=f"predictor {shown(kept)}", load=load)


def _loader(kind: Kind, kept: Kept, own: Any) -> Callable[[], Any]:
    """Loads once: a file that is edited while a run goes on does not change what runs."""

    @cache
    def load() -> Any:
        if _is_own(kept):
            return own
        if isinstance(kept, str):
            return LOADERS[kind](kept)
        file = _file(kept)
        file.check(USES[kind])
        return LOADERS[kind](str(file.path))

    return load
