"""`nas train`: train a winner, or any architecture, in full."""

from pathlib import Path
from typing import Any

from platformdirs import user_cache_path

from launch.deploy.subject.subject import Subject, subject_of
from launch.deploy.subject.task import DataOptions, prepared_task
from launch.deploy.training.settings import TrainingOptions
from launch.deploy.training.training import carry_out
from launch.deploy.training.workers.options import WorkerOptions
from launch.executors import Terms, read_size
from launch.json_text import json_text
from launch.loggers import check_loggers
from launch.session import read_as
from launch.terminal import Progress, check_outputs, figure, recorded, table
from nas.deploy import TrainingFolder, TrainingFolderError
from nas.depth.data import Kind
from nas.depth.data.sets import parse
from nas.errors import aside
from nas.record import TEST


def run(
    *,
    source: Path,
    out: Path,
    experiment: str | None,
    data: tuple[str, ...],
    depth_is: Kind | None,
    depth_invalid: tuple[float, ...],
    depth_valid: tuple[float, ...],
    cache: Path | None,
    as_json: bool,
    loggers: tuple[str, ...] = (),
    workers: int | None = None,
    address: str | None = None,
    cpus_per_worker: float = 1.0,
    gpus_per_worker: int | None = None,
    memory_per_worker: str | None = None,
    retries: int = 2,
    **training: Any,
) -> int:
    check_loggers(loggers)
    sets = tuple(map(parse, data))
    check_outputs({"--out": out}, {"SOURCE": source, **read_as(sets), "--teacher": training["teacher"]})
    each = Terms(
        cpus=cpus_per_worker, memory_bytes=read_size(memory_per_worker) if memory_per_worker else 0, retries=retries
    )  # fmt: skip
    several = WorkerOptions(number=workers, address=address, gpus=gpus_per_worker, each=each)
    options = TrainingOptions(**training, loggers=loggers, workers=several)
    if options.steps is not None and options.hours is not None:
        raise ValueError("a training ends after --steps or after --hours, got both; give one of them")
    folder = TrainingFolder(path=out)
    subject = subject_of(source, experiment)
    pictures = DataOptions(data=sets, depth_is=depth_is, depth_invalid=depth_invalid, depth_valid=depth_valid)
    if folder.is_done:
        _check_done(folder, subject, options)
    else:
        with aside(), folder.hold(), Progress() as progress:
            _train(folder, subject, pictures, options, cache or user_cache_path("chamnas"), progress)
    return tell(folder, as_json=as_json)


def _train(
    folder: TrainingFolder,
    subject: Subject,
    pictures: DataOptions,
    options: TrainingOptions,
    cache: Path,
    progress: Progress,
) -> None:
    old = folder.settings()["data_settings"] if folder.is_settled else subject.settings
    settings = pictures.settings(old)
    task = prepared_task(subject, settings, cache, progress)
    carry_out(folder, subject, task, settings, options, progress)


def _check_done(folder: TrainingFolder, subject: Subject, options: TrainingOptions) -> None:
    """See that a training that has ended is the one that is asked for."""
    done = folder.settings()
    asked = {"architecture": list(subject.architecture), "steps": options.steps, "seed": options.seed}
    for name, value in asked.items():
        if value is not None and value != done[name]:
            raise TrainingFolderError(
                f"{folder.path} has ended a training with {name} = {done[name]}, now it is {value}; give --out a new "
                f"folder, and {folder.path} as the source to go on from its weights"
            )


def tell(folder: TrainingFolder, *, as_json: bool) -> int:
    """Print what came of the training."""
    result = folder.result()
    print(json_text(result) if as_json else _text(folder, result))
    return 0


def _text(folder: TrainingFolder, result: dict[str, Any]) -> str:
    card = recorded(result["task"], result["metrics"])
    metrics, first = result["metrics"], result["metrics_at_start"]
    names = card.ordered(first)
    rows = [
        [card.metric(name).label, figure(first[name]), figure(metrics[name]), figure(metrics.get(f"{TEST}{name}"))]
        for name in names
    ]
    shown = table(["metric", "at the start", f"after {result['steps']:,} steps", "on test data"], rows)
    files = (folder.weights, folder.code, folder.curve, folder.result_file)
    return "\n".join([shown, "", *map(str, files)])
