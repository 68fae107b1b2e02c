"""`nas quantise` carried out: ranges, training that knows of the rounding, what each layer costs, and the files."""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import torch
from torch import fx

from launch.deploy.subject.weights import read_weights
from launch.deploy.threads import default_threads, on_threads
from launch.deploy.training.training import THREADS
from launch.deploy.watch import Watch
from launch.terminal import Progress
from nas.deploy import TrainingFolder, TrainingFolderError
from nas.deploy.brief_int8 import LOWER, NUM_INPUTS
from nas.deploy.checkpoint import FileStore
from nas.deploy.course import Course, Terms, Trainable
from nas.deploy.quantised import Prepared, Rounded, calibrate, converted, prepare, sensitivity
from nas.deploy.training import Diverged, train_in_full
from nas.lowering.standalone import restored
from nas.lowering.torch_module import BuiltNetwork
from nas.record import TEST, write_whole

NUM_PROBES = 16  # pictures on which a layer's cost is seen
SHORTER = 10  # than the training that the network has had


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantisationOptions:
    """What the command says; None for what it leaves open. `ptq` is for ranges alone, without training."""

    ptq: bool
    steps: int | None
    lr: float | None
    device: str | None


def carry_out(folder: TrainingFolder, task: Trainable, options: QuantisationOptions, progress: Progress) -> None:
    """Quantise the folder's network, and write its int8 state and what came of it beside it.

    Raises:
      TrainingFolderError: the training has not ended.
      Diverged: NaN or infinity; nothing is written.
    """
    settings, folded = folder.settings(), restored(folder.network(), read_weights(folder.weights))
    with on_threads(settings.get(THREADS) or default_threads(folded.network)):
        _carry_out(folder, folded, settings, task, options, progress)


def _carry_out(
    folder: TrainingFolder,
    folded: BuiltNetwork,
    settings: Mapping[str, Any],
    task: Trainable,
    options: QuantisationOptions,
    progress: Progress,
) -> None:
    progress.say("preparing int8")
    prepared = prepare(folded)
    calibrate(prepared, task.inputs(NUM_INPUTS))
    terms = _terms(settings, options, options.device or "cpu")
    course = task.course(prepared, terms)
    metrics = {"float32": _scores(course, task, folded), "ptq": _scores(course, task, Rounded(converted(prepared)))}
    if not options.ptq:
        _train(folder, course, terms, progress)
        metrics["qat"] = _scores(course, task, Rounded(converted(prepared)))
    progress.say("seeing what each layer costs")
    probes = torch.cat(list(task.inputs(NUM_PROBES)))
    costs = sensitivity(prepared, folded, probes)
    _write(folder, prepared, terms, options, metrics, costs)


def quantised(folder: TrainingFolder, folded: BuiltNetwork) -> fx.GraphModule:
    """The folder's network in int8, at the size of `folded`.

    Raises:
      TrainingFolderError: the folder was never quantised, or by other versions of what does it.
    """
    folder.int8_result()
    prepared = prepare(folded)
    kept = read_weights(folder.int8_weights)
    own = prepared.graph.state_dict()
    if own.keys() != kept.keys():
        raise TrainingFolderError(
            f"{folder.int8_weights} must fit the graph that torchao {version('torchao')} makes, and was made by "
            "another version; run nas quantise again"
        )
    prepared.graph.load_state_dict(kept)
    return converted(prepared.eval())


def _terms(settings: Mapping[str, Any], options: QuantisationOptions, device: str) -> Terms:
    return Terms(
        steps=options.steps or max(1, settings["steps"] // SHORTER),
        usual_steps=settings["steps"],
        seed=settings["seed"],
        device=device,
        peak_lr=options.lr or LOWER * settings["training"]["peak_lr"],
        precision="float32",
    )


def _train(folder: TrainingFolder, course: Course, terms: Terms, progress: Progress) -> None:
    watch = Watch(curve=folder.int8_curve, progress=progress, total=terms.steps)
    folder.int8_checkpoint.unlink(missing_ok=True)
    try:
        train_in_full(
            course,
            terms.steps,
            checkpoint=FileStore(path=folder.int8_checkpoint),
            key=folder.settings()["id"],
            on_step=watch.step,
            on_row=watch.row,
            averaged=False,
        )
    except Diverged:
        folder.int8_checkpoint.unlink(missing_ok=True)
        raise
    course.module.eval()


def _scores(course: Course, task: Trainable, module: torch.nn.Module) -> dict[str, float]:
    """On validation data, and on test data ("test_..")."""
    return {**course.validate(module), **{f"{TEST}{name}": value for name, value in task.test(module).items()}}


def _write(
    folder: TrainingFolder,
    prepared: Prepared,
    terms: Terms,
    options: QuantisationOptions,
    metrics: Mapping[str, Mapping[str, float]],
    costs: Mapping[str, float],
) -> None:
    """int8.pt and, last, int8.json."""
    weights = io.BytesIO()
    torch.save(prepared.graph.state_dict(), weights)
    write_whole(folder.int8_weights, weights.getvalue())
    folder.write(
        folder.int8_file,
        {
            "format": 1,
            "method": "ptq" if options.ptq else "qat",
            "steps": 0 if options.ptq else terms.steps,
            "peak_lr": terms.peak_lr,
            "metrics": {name: dict(values) for name, values in metrics.items()},
            "signal_to_noise_db": {name: min(cost, 999.0) for name, cost in costs.items()},
            "versions": {name: version(name) for name in ("torch", "torchao", "executorch")},
        },
    )
    folder.int8_checkpoint.unlink(missing_ok=True)
