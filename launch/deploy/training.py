"""`nas train` carried out: the network to begin with, the settings, the steps, and the files that are left."""

import copy
import importlib.metadata
import io
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import torch
from torch import nn

from launch.deploy.export import needed
from launch.deploy.subject import Subject
from launch.deploy.threads import default_threads, on_threads, usable_cores
from launch.deploy.weights import read_weights
from launch.terminal import Progress, duration
from nas.deploy import Row, TrainingFolder, csv_text
from nas.deploy.course import Course, Gives, Precision, Terms, Trainable, Wants
from nas.deploy.training import Diverged, Trained, train_in_full
from nas.lowering.standalone import restored, source, state
from nas.lowering.torch_module import BuiltNetwork, build, fold
from nas.lowering.unfold import unfold
from nas.record import TEST, Described, Evaluator, TaskCard, write_whole

LONGER = 8  # than the search's finals, unless the command says how long
NUM_INPUTS = 256  # whose statistics the batch norms begin with
THREADS = "threads"  # in training.json
PACE_STEPS, WARM_STEPS = 8, 2
ROOM_FOR_REST = 0.95  # of the hours: the rest is for scoring and checkpoints
LogRows = Callable[[tuple[Row, ...]], None]
"""Told all rows of a curve so far, whenever there is a new one."""


def no_log(rows: tuple[Row, ...]) -> None:
    """For a training that no other tool follows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingOptions:
    """What the command says; None for what it leaves open."""

    steps: int | None
    hours: float | None
    lr: float | None
    seed: int | None
    device: str | None
    precision: Precision | None
    from_scratch: bool
    augment: bool
    teacher: Path | None
    threads: int | None
    teacher_wants: Wants
    teacher_gives: Gives
    loggers: tuple[str, ...] = ()


def carry_out(
    folder: TrainingFolder,
    subject: Subject,
    task: Trainable,
    data_settings: Mapping[str, Any],
    options: TrainingOptions,
    progress: Progress,
) -> None:
    """Train, or go on, and write what came of it.

    Raises:
      TrainingFolderError: the folder holds another training.
      Diverged: NaN or infinity; the folder keeps the last good checkpoint.
      NoRoomError: the disk is full.
    """
    old = folder.settings() if folder.is_settled else {}
    device = options.device or ("cuda" if torch.cuda.is_available() else "cpu")
    threads = options.threads or old.get(THREADS) or default_threads(subject.network)
    if device.startswith("cpu"):
        cores = usable_cores()
        progress.say(f"training on {threads} of {cores} core{'s' * (cores > 1)}; --threads sets how many")
    with on_threads(threads):
        _carry_out(folder, subject, task, data_settings, options, progress, old=old, device=device, threads=threads)


def _carry_out(
    folder: TrainingFolder,
    subject: Subject,
    task: Trainable,
    data_settings: Mapping[str, Any],
    options: TrainingOptions,
    progress: Progress,
    *,
    old: Mapping[str, Any],
    device: str,
    threads: int,
) -> None:
    seed = options.seed if options.seed is not None else int(old.get("seed", 0))
    module = _first(subject, task, seed, from_scratch=options.from_scratch)
    terms = _terms(options, old, subject, device, seed)
    if options.hours is not None and not old:
        terms = _paced(terms, options.hours, task, module, progress)
    course = task.course(module, terms)
    settings = _settings(subject, task, course, terms, data_settings, options)
    if not old or THREADS in old:  # which decide the order of sums; an older version did not say
        settings[THREADS] = threads
    folder.settle(settings, subject.network, _told(subject))
    with _curve_log(folder, options) as log:
        watch = Watch(curve=folder.curve, progress=progress, total=terms.steps, log=log)
        try:
            trained = train_in_full(
                course,
                terms.steps,
                checkpoint=folder.checkpoint,
                key=folder.settings()["id"],
                on_step=watch.step,
                on_row=watch.row,
            )
        except Diverged as error:
            folder.note_divergence(error.step)
            raise
    _write(folder, subject, task, trained, device)


class Watch:
    """Tells how far a training is and how long it will take, and keeps its curve."""

    def __init__(self, *, curve: Path, progress: Progress, total: int, log: LogRows = no_log) -> None:
        self._curve, self._progress, self._total, self._log = curve, progress, total, log
        self._began: tuple[float, int] | None = None
        self._latest = ""

    def step(self, done: int, loss: float) -> None:
        now = time.monotonic()
        if self._began is None:
            self._began = (now, done)
        since, first = self._began
        left = (now - since) / (done - first) * (self._total - done) if done > first else None
        text = f", loss {loss:.4f}{self._latest}" + ("" if left is None else f", about {duration(left)} left")
        self._progress.step("training", done, self._total, also=text)

    def row(self, rows: tuple[Row, ...]) -> None:
        write_whole(self._curve, csv_text(rows).encode())
        self._log(rows)
        name, value = next(iter(rows[-1].metrics.items()))
        self._latest = f", validation {name} {value:.4f}"


@contextmanager
def _curve_log(folder: TrainingFolder, options: TrainingOptions) -> Iterator[LogRows]:
    """What is told the curve's rows beside its file."""
    if "tensorboard" not in options.loggers:
        yield no_log
        return
    from launch.loggers.tensorboard import CurveLog  # which not everybody has installed

    log = CurveLog(folder.path)
    try:
        yield log.rows
    finally:
        log.close()


def _first(subject: Subject, task: Trainable, seed: int, *, from_scratch: bool) -> BuiltNetwork:
    """The network before its first step: with the search's weights, or with drawn ones."""
    if from_scratch or subject.weights is None:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return build(subject.network)
    return unfold(restored(subject.network, read_weights(subject.weights)), task.inputs(NUM_INPUTS))


def _terms(options: TrainingOptions, old: Mapping[str, Any], subject: Subject, device: str, seed: int) -> Terms:
    """As the command says, else as the training that is here was begun, else by default."""
    usual = subject.experiment.final_fidelity
    recipe = old.get("training", {})
    return Terms(
        steps=options.steps or int(old.get("steps", LONGER * usual)),
        usual_steps=usual,
        seed=seed,
        device=device,
        peak_lr=options.lr or recipe.get("peak_lr"),
        precision=options.precision or recipe.get("precision"),
        augment=options.augment,
        teacher=None if options.teacher is None else _teacher(options.teacher, options, device),
    )


def _teacher(path: Path, options: TrainingOptions, device: str) -> nn.Module:
    """The network of a training that has ended, or of an ONNX file.

    Raises:
      TrainingFolderError, TeacherError: there is none.
    """
    if not path.is_dir():
        teachers = needed("nas.deploy.onnx_teacher", "onnx")
        module: nn.Module = teachers.OnnxTeacher(path, wants=options.teacher_wants, gives=options.teacher_gives)
        return module
    folder = TrainingFolder(path=path)
    folder.result()
    return restored(folder.network(), read_weights(folder.weights)).to(device)


def _paced(terms: Terms, hours: float, task: Trainable, module: nn.Module, progress: Progress) -> Terms:
    """The terms with as many steps as so many hours have room for, by the time of a few."""
    trial = task.course(copy.deepcopy(module), replace(terms, steps=WARM_STEPS + PACE_STEPS))
    for step in range(WARM_STEPS):
        trial.step(step)
    began = time.monotonic()
    for step in range(WARM_STEPS, WARM_STEPS + PACE_STEPS):
        trial.step(step)
    each_s = (time.monotonic() - began) / PACE_STEPS
    steps = max(1, int(ROOM_FOR_REST * 3600 * hours / each_s))
    progress.say(f"a step takes {each_s:.3f} s: {steps:,} steps in {hours:g} hours")
    return replace(terms, steps=steps)


def _settings(
    subject: Subject,
    task: Trainable,
    course: Course,
    terms: Terms,
    data_settings: Mapping[str, Any],
    options: TrainingOptions,
) -> dict[str, Any]:
    """What may not change while a training lasts."""
    begun = None if options.from_scratch or subject.weights is None else _digest(subject.weights)
    return {
        "experiment": subject.reference,
        "data_settings": dict(data_settings),
        "space": subject.experiment.space.name,
        "input": list(subject.experiment.space.input),
        "architecture": list(subject.architecture),
        "decisions": subject.experiment.space.decisions(subject.architecture),
        "weights_at_start": begun,
        "steps": terms.steps,
        "seed": terms.seed,
        "teacher": _teacher_digest(options),
        "training": dict(course.facts),
        "data": dict(task.data_facts) if isinstance(task, Evaluator) else {},
    }


def _teacher_digest(options: TrainingOptions) -> str | None:
    """What tells a teacher from another: its weights, and of an ONNX file how it is asked."""
    if options.teacher is None:
        return None
    if options.teacher.is_dir():
        return _digest(TrainingFolder(path=options.teacher).weights)
    return f"{_digest(options.teacher)} {options.teacher_wants} {options.teacher_gives}"


def _told(subject: Subject) -> dict[str, Any]:
    """How the network was found, and with what it was trained."""
    return {
        "found": dict(subject.found),
        "weights": None if subject.weights is None else str(subject.weights),
        "versions": {name: importlib.metadata.version(name) for name in ("chamnas", "torch")},
    }


def _digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()[:16]


def _write(folder: TrainingFolder, subject: Subject, task: Trainable, trained: Trained, device: str) -> None:
    """winner.pt, winner.py and, last, trained.json."""
    assert isinstance(trained.module, BuiltNetwork)
    folded = fold(trained.module)
    metrics = {**trained.rows[-1].metrics, **{f"{TEST}{name}": value for name, value in task.test(folded).items()}}
    card = task.card if isinstance(task, Described) else TaskCard()
    weights = io.BytesIO()
    torch.save(state(folded.cpu()), weights)
    title = f"{subject.experiment.space.name}: a network that chamnas trained in {folder.path.name}."
    write_whole(folder.weights, weights.getvalue())
    write_whole(folder.code, source(subject.network, title, input=card.input, output=card.output).encode())
    folder.write(
        folder.result_file,
        {
            "format": 1,
            "metrics": metrics,
            "metrics_at_start": dict(trained.rows[0].metrics),
            "steps": trained.rows[-1].step,
            "device": device,
            "task": asdict(card),
        },
    )
    folder.checkpoint.unlink(missing_ok=True)
