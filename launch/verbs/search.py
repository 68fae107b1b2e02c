"""`nas search`: from the command line to the winner's files."""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path

from launch.budget import Budget, check_budget, check_trials
from launch.executors import Terms, make_executor, plan_slots, read_duration, read_size
from launch.experiment import Experiment, Workplace
from launch.extensions import OwnFiles
from launch.extensions.parts import check_parts, with_parts
from launch.json_text import json_text
from launch.run import Options, check_limits, checkpoints_of, expected_bytes
from launch.session import RunFolder, meaning_of
from launch.session.continuation import settle
from launch.session.latency import tables_at_hand, with_latencies
from launch.session.session import load_experiment, with_rungs
from launch.session.settings import settings_of
from launch.terminal import Progress, check_outputs, is_violated, own_file, winner_text
from nas.depth.data import Kind
from nas.errors import aside
from nas.record.checkpoints import Checkpoints
from nas.record.storage import split_password


def run(
    *,
    experiment: str,
    run: Path,
    limits: tuple[str, ...],
    executor: str,
    address: str | None,
    workers: int | None,
    cpus_per_trial: float,
    gpus_per_trial: float,
    memory_per_trial: str | None,
    retries: int,
    trial_timeout: str | None,
    trials: int | None,
    hours: float | None,
    gpu_hours: float | None,
    cpu_hours: float | None,
    rungs: tuple[int, ...],
    eta: float | None,
    seed: int | None,
    lag: int | None,
    storage: str | None,
    checkpoints: str | None,
    latencies: tuple[str, ...],
    strategy: str | None,
    predictor: str | None,
    data: Path | None,
    depth_is: Kind | None,
    depth_invalid: tuple[float, ...],
    depth_valid: tuple[float, ...],
    cache: Path | None,
    profile_again: bool,
    as_json: bool,
    allow_new_options: bool = False,
) -> int:
    reads = {"EXPERIMENT": own_file(experiment), "--data": data} | {f"--latency {t}": own_file(t) for t in latencies}
    check_outputs({"--out": run}, reads)
    check_outputs({"--checkpoints": Path(checkpoints.removeprefix("file://")) if checkpoints else None}, reads)
    chosen, folder = load_experiment(experiment), RunFolder(path=run)
    terms = _terms(cpus_per_trial, gpus_per_trial, memory_per_trial, retries, trial_timeout)
    num_trials = trials or chosen.num_trials
    budget = Budget(hours=hours, gpu_hours=gpu_hours, cpu_hours=cpu_hours)
    check_budget(budget, gpus=terms.gpus)
    # A run that is done needs no cluster: the one that it ran on may be long gone.
    slots = (
        1 if folder.is_done(num_trials, budget) else plan_slots(executor, workers=workers, address=address, terms=terms)
    )
    settings = settings_of(
        chosen,
        experiment,
        folder,
        limits=limits,
        seed=seed,
        lag=lag,
        slots=slots,
        storage=storage,
        latencies=latencies,
        data=data,
        rungs=rungs,
        eta=eta,
        allow_new_options=allow_new_options,
        depth_is=depth_is,
        depth_invalid=depth_invalid,
        depth_valid=depth_valid,
        strategy=strategy,
        predictor=predictor,
    )
    if storage and (password := split_password(storage)[1]):
        os.environ["PGPASSWORD"] = password  # where Postgres' client looks; it is written nowhere
    chosen = _as_settled(chosen, settings, folder)
    check_trials(num_trials, chosen.ladder)
    check_limits(chosen, settings["limits"], tables_at_hand(settings, folder))
    check_parts(chosen)

    from launch.run.run import carry_out  # torch: a refusal need not wait for it

    with aside(), folder.hold(), Progress() as progress:  # standard output is for what was found
        settle(folder, settings, chosen, named={"strategy": strategy, "predictor": predictor}, num_trials=num_trials)
        kept = checkpoints_of(
            run, settings["study"], url=checkpoints, address=address, each_bytes=expected_bytes(chosen.space)
        )
        options = Options(
            seed=settings["seed"],
            num_trials=num_trials,
            lag=settings["lag"],
            budget=budget,
            gpus=terms.gpus,
            cpus=terms.cpus,
            profile_again=profile_again,
        )
        carry_out(
            chosen,
            folder,
            settings,
            options,
            _workplace(settings, cache, slots, kept, progress),
            make_executor=lambda evaluator: make_executor(
                executor, evaluator, workers=slots, address=address, terms=terms, checkpoints=kept
            ),
            progress=progress,
        )
    return tell(folder, as_json=as_json)


def _terms(cpus: float, gpus: float, memory: str | None, retries: int, timeout: str | None) -> Terms:
    return Terms(
        cpus=cpus,
        gpus=gpus,
        memory_bytes=read_size(memory) if memory else 0,
        retries=retries,
        timeout_s=read_duration(timeout) if timeout else None,
    )


def _as_settled(chosen: Experiment, settings: Mapping[str, Any], folder: RunFolder) -> Experiment:
    """The experiment with the devices, resources, rungs, strategy and predictor that the settings name."""
    timed = with_latencies(chosen, settings, folder)
    counted = replace(timed, resources=(*timed.resources, *OwnFiles.kept(settings).load(timed.space)))
    return with_parts(with_rungs(counted, settings), settings)


def _workplace(
    settings: Mapping[str, Any], cache: Path | None, slots: int, checkpoints: Checkpoints | None, progress: Progress
) -> Workplace:
    return Workplace(
        cache=cache or user_cache_path("chamnas"),
        data=Path(settings["data"]) if settings["data"] else None,
        workers=min(slots, os.cpu_count() or 1),
        progress=progress.step,
        checkpoints=checkpoints,
        depth=meaning_of(settings),
        say=progress.say,
    )


def tell(folder: RunFolder, *, as_json: bool) -> int:
    """Print the winner; exit status 1 if it violates a limit as measured."""
    record: dict[str, Any] = folder.read_json(folder.winner)
    print(json_text(record) if as_json else winner_text(record))
    if not as_json:
        print("\n".join(str(path) for path in (folder.winner, folder.path / "winner.py", folder.report)))
    return 1 if any(map(is_violated, record["limits"])) else 0
