"""`nas search`: from the command line to the winner's files."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from launch.budget import check_trials
from launch.experiment import Experiment
from launch.extensions import OwnFiles
from launch.extensions.parts import check_parts, with_parts
from launch.json_text import json_text
from launch.loggers import check_loggers
from launch.run import Options, check_choice, check_limits
from launch.run.execution import Execution, taken
from launch.session import RunFolder, check_sets, read_as
from launch.session.continuation import settle
from launch.session.latency import tables_at_hand, with_latencies
from launch.session.session import (
    asked_before,
    check_objectives,
    limits_of,
    load_experiment,
    with_objectives,
    with_rungs,
)
from launch.session.settings import Asked, settings_of
from launch.terminal import Progress, check_outputs, front_text, is_violated, own_file, winner_text
from nas.depth.data import Kind
from nas.depth.data.sets import DataSet, parse
from nas.errors import aside
from nas.record.storage import split_password


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What is asked for beside the execution, None or empty where the command leaves it open."""

    experiment: str
    run: Path
    limits: tuple[str, ...]
    trials: int | None
    rungs: tuple[int, ...]
    eta: float | None
    seed: int | None
    lag: int | None
    storage: str | None
    latencies: tuple[str, ...]
    objectives: tuple[str, ...]
    choose: tuple[str, ...]
    finalists: int | None
    final_seeds: int | None
    int8_finals: int | None
    strategy: str | None
    predictor: str | None
    data: tuple[DataSet, ...]
    depth_is: Kind | None
    depth_invalid: tuple[float, ...]
    depth_valid: tuple[float, ...]
    profile_again: bool
    as_json: bool
    allow_new_options: bool
    loggers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How many trials are wanted in all and at once, and how they are run."""

    num_trials: int
    slots: int
    execution: Execution


def run(**options: Any) -> int:
    """Search, and print the winner; exit status 1 if it violates a limit as measured."""
    execution, asked = taken(options)
    command = Command(**{**asked, "data": tuple(map(parse, asked["data"]))})
    check_loggers(command.loggers)
    _check_files(command, execution)
    folder = RunFolder(path=command.run)
    old = folder.settings() if folder.started else {}
    named = _named(command, old)
    check_objectives(folder, named)
    check_sets(command.data, named)
    effort = _effort(command, execution, named, folder)
    settings = _settings(command, named, folder, effort.slots)
    _hand_over_password(command.storage)
    experiment = _as_settled(named, settings, folder)
    check_trials(effort.num_trials, experiment.ladder)
    check_limits(experiment, limits_of(settings), tables_at_hand(settings, folder))
    check_choice(command.choose, experiment)
    check_parts(experiment)
    _carry_out(command, effort, experiment, folder, settings)
    return tell(folder, as_json=command.as_json)


def _named(command: Command, old: Mapping[str, Any]) -> Experiment:
    """The experiment with the objectives that the command asks for, or that the run has."""
    own = OwnFiles.kept(old).naming(command.objectives)
    asked = tuple(map(own.name, command.objectives))
    experiment = with_objectives(load_experiment(command.experiment), asked or asked_before(old))
    return experiment if command.finalists is None else replace(experiment, num_finalists=command.finalists)


def _check_files(command: Command, execution: Execution) -> None:
    """Refuse to write where something is that the command reads."""
    reads = {"EXPERIMENT": own_file(command.experiment), **read_as(command.data)}
    reads |= {f"--latency {table}": own_file(table) for table in command.latencies}
    kept = Path(execution.checkpoints.removeprefix("file://")) if execution.checkpoints else None
    check_outputs({"--out": command.run}, reads)
    check_outputs({"--checkpoints": kept}, reads)


def _effort(command: Command, execution: Execution, experiment: Experiment, folder: RunFolder) -> Effort:
    num_trials, budget = command.trials or experiment.num_trials, execution.budget
    done = folder.is_done(num_trials, budget)  # needs no cluster: the one that it ran on may be long gone
    return Effort(num_trials=num_trials, slots=1 if done else execution.slots(), execution=execution)


def _settings(command: Command, experiment: Experiment, folder: RunFolder, slots: int) -> Mapping[str, Any]:
    asked = Asked(
        limits=command.limits,
        seed=command.seed,
        lag=command.lag,
        slots=slots,
        storage=command.storage,
        latencies=command.latencies,
        data=command.data,
        rungs=command.rungs,
        eta=command.eta,
        allow_new_options=command.allow_new_options,
        depth_is=command.depth_is,
        depth_invalid=command.depth_invalid,
        depth_valid=command.depth_valid,
        strategy=command.strategy,
        predictor=command.predictor,
        objectives=command.objectives,
        int8_finals=command.int8_finals,
        final_seeds=command.final_seeds,
    )
    return settings_of(experiment, command.experiment, folder, asked)


def _hand_over_password(storage: str | None) -> None:
    if storage and (password := split_password(storage)[1]):
        os.environ["PGPASSWORD"] = password  # where Postgres' client looks; it is written nowhere


def _as_settled(named: Experiment, settings: Mapping[str, Any], folder: RunFolder) -> Experiment:
    """The experiment with the devices, resources, rungs, strategy and predictor that the settings name."""
    timed = with_latencies(named, settings, folder)
    counted = replace(timed, resources=(*timed.resources, *OwnFiles.kept(settings).load(timed.space)))
    return with_parts(with_rungs(counted, settings), settings)


def _carry_out(
    command: Command, effort: Effort, experiment: Experiment, folder: RunFolder, settings: Mapping[str, Any]
) -> None:
    from launch.loggers.log_run import log_run
    from launch.run.run import carry_out  # torch: a refusal need not wait for it

    execution = effort.execution
    named = {"strategy": command.strategy, "predictor": command.predictor}
    with aside(), folder.hold(), Progress() as progress:  # standard output is for what was found
        settle(folder, settings, experiment, named=named, num_trials=effort.num_trials)
        place = execution.workplace(folder, experiment, settings, effort.slots, progress)
        carry_out(
            experiment,
            folder,
            settings,
            _options(command, effort, settings),
            place,
            make_executor=lambda evaluator: execution.start(evaluator, effort.slots, place.checkpoints),
            progress=progress,
        )
        log_run(folder, command.loggers, progress.say)


def _options(command: Command, effort: Effort, settings: Mapping[str, Any]) -> Options:
    terms = effort.execution.terms
    return Options(
        seed=settings["seed"],
        num_trials=effort.num_trials,
        lag=settings["lag"],
        budget=effort.execution.budget,
        gpus=terms.gpus,
        cpus=terms.cpus,
        profile_again=command.profile_again,
        choose=command.choose,
    )


def tell(folder: RunFolder, *, as_json: bool) -> int:
    """Print the winner, and the front that it is of; exit status 1 if it is not what was asked for, as measured."""
    record: dict[str, Any] = folder.read_json(folder.winner)
    front = folder.read_json(folder.front) if "front" in record else None
    if as_json:
        print(json_text(record if front is None else {**record, "front": {**record["front"], **front}}))
    else:
        print(winner_text(record))
        if front is not None:
            print(f"\n{front_text(front)}\n")
        files = [folder.winner, folder.path / "winner.py", *([folder.front] if front else []), folder.report]
        print("\n".join(map(str, files)))
    missed = front is not None and not front["choice_met"]
    return 1 if missed or any(map(is_violated, record["limits"])) else 0
