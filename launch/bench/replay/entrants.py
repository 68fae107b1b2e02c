"""The strategies of a replay, by name: ours by their key, path or dotted path, and the peers."""

import hashlib
import importlib
import importlib.util
import inspect
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import cast

import numpy as np

import launch.bench.peers
import launch.bench.question.codings
import nas.costs
import nas.feasible
import nas.genetic
import nas.record
import nas.search
import nas.space
import nas.strategies
import predictors
import search_spaces._decisions
import search_spaces.table
from launch.bench.question import Arena
from launch.extensions import blamed, load_strategy
from nas.plugins import STRATEGIES, PluginError
from nas.search import MakeStrategy, Strategy, Task

PEERS = {
    "forest": "launch.bench.peers.forest:forest",
    "optuna_tpe": "launch.bench.peers.optuna_samplers:tpe",
    "optuna_nsga2": "launch.bench.peers.optuna_samplers:nsga2",
    "optuna_gp": "launch.bench.peers.optuna_samplers:gp",
    "pymoo_ga": "launch.bench.peers.pymoo_genetic:ga",
    "pymoo_nsga2": "launch.bench.peers.pymoo_genetic:nsga2",
}
TOOLS = ("scikit-learn", "optuna", "pymoo")
YARDSTICKS = ("random", "evolution", "asha")
"""Strategies of ours that are there to be beaten: they count as peers."""
ONE_OBJECTIVE = ("chamnet", "random", "evolution", "forest", "optuna_tpe", "optuna_nsga2", "pymoo_ga")
HALVING = ("halving", "asha")
SEVERAL = ("front", "random", "optuna_tpe", "optuna_nsga2", "pymoo_nsga2")
ENGINE = (nas, nas.space, nas.costs, nas.feasible, nas.genetic, nas.record, nas.search, nas.strategies, predictors)
"""Packages whose code says what a strategy of ours proposes."""


def has_pymoo() -> bool:
    return importlib.util.find_spec("pymoo") is not None


def defaults(num_objectives: int, *, with_rungs: bool = False) -> tuple[str, ...]:
    """All that are quick and that this installation has; Optuna's GP takes a second for each proposal."""
    wanted = (*(HALVING if with_rungs else ()), *(ONE_OBJECTIVE if num_objectives == 1 else SEVERAL))
    known = {*STRATEGIES.keys(), *(name for name in PEERS if has_pymoo() or not name.startswith("pymoo"))}
    return tuple(name for name in wanted if name in known)


def is_peer(name: str) -> bool:
    """Whether a strategy is one that ours is measured against."""
    return name in PEERS or name in YARDSTICKS


def make(name: str, task: Task) -> Strategy:
    """A new strategy for one run.

    Raises:
      PluginError: the name is unknown, or its tool is not installed.
      PartError: the strategy refuses the task, such as several objectives, or fails.
    """
    maker = _maker(name)
    with blamed(f"strategy {name}"):
        return maker(task=task)


def check(names: Sequence[str], task: Task) -> None:
    """See in a moment what would otherwise stop a replay later: make each strategy and ask it once.

    Raises:
      PluginError, PartError: as for `make`.
      ValueError: there are no names.
    """
    if not names:
        raise ValueError("a replay needs at least one strategy, got none; leave --strategies out for the usual ones")
    for name in names:
        strategy = make(name, task)
        with blamed(f"strategy {name}"):
            strategy.propose([], [], np.random.default_rng(0))


def _maker(name: str) -> MakeStrategy:
    if name not in PEERS:
        try:
            return load_strategy(name)
        except PluginError as error:
            raise PluginError(f"{error}; peers: {', '.join(PEERS)}") from error
    if name.startswith("pymoo") and not has_pymoo():
        raise PluginError(f"{name} needs pymoo, which is not installed; pip install 'chamnas[peers]'")
    module, attribute = PEERS[name].split(":")
    return cast(MakeStrategy, getattr(importlib.import_module(module), attribute))


def code(name: str, predictor: str) -> str:
    """A digest of what a strategy is made of, so that results of older code are not taken for its own.

    Modules of the user's own that are named by a dotted path, or imported by his file, are not looked into.
    """
    digest = hashlib.sha256()
    arena = importlib.import_module(Arena.__module__)  # draws the opening
    for module in (search_spaces._decisions, search_spaces.table, launch.bench.question.codings, arena):
        digest.update(inspect.getsource(module).encode())
    for file in _files(launch.bench.peers) if name in PEERS else _own_files(name, predictor):
        digest.update(file.read_bytes())
    if name in PEERS:
        digest.update(repr([version(tool) for tool in TOOLS if tool != "pymoo" or has_pymoo()]).encode())
    return digest.hexdigest()[:16]


def _own_files(name: str, predictor: str) -> list[Path]:
    given = [Path(reference) for reference in (name, predictor) if reference.endswith(".py")]
    return [*(file for package in ENGINE for file in _files(package)), *given]


def _files(package: ModuleType) -> list[Path]:
    return sorted(Path(package.__path__[0]).glob("*.py"))
