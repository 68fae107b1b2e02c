"""`nas train` carried out: the network to begin with, the settings, the steps, and the files that are left."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from launch.deploy.extras import needed
from launch.deploy.subject.subject import Subject
from launch.deploy.subject.weights import read_weights
from launch.deploy.threads import default_threads, on_threads, usable_cores
from launch.deploy.training.outcome import Outcome, outcome_of
from launch.deploy.training.pace import paced
from launch.deploy.training.settings import TrainingOptions, lasting, told
from launch.deploy.watch import LogRows, Watch, curve_log, no_log
from launch.executors import set_ray_environment
from launch.terminal import Progress
from nas.deploy import Row, TrainingFolder
from nas.deploy.checkpoint import FileStore
from nas.deploy.course import Facts, Terms, Trainable
from nas.deploy.training import Diverged, train_in_full
from nas.lowering.standalone import restored, source
from nas.lowering.torch_module import BuiltNetwork, build
from nas.lowering.unfold import unfold
from nas.record import Described, TaskCard, write_whole

LONGER = 8  # than the search's finals, unless the command says how long
NUM_INPUTS = 256  # whose statistics the batch norms begin with
THREADS = "threads"  # in training.json


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
      ConnectionError, RuntimeError: workers cannot be had, or were lost.
    """
    old = folder.settings() if folder.is_settled else {}
    job = _Job(folder=folder, subject=subject, task=task, data=data_settings, options=options, old=old)
    _write(job, _on_workers(job, progress) if options.workers.number else _alone(job, progress))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Job:
    """What is asked for; `old` is what training.json has said before this command, empty for a new training."""

    folder: TrainingFolder
    subject: Subject
    task: Trainable
    data: Mapping[str, Any]
    options: TrainingOptions
    old: Mapping[str, Any]

    @property
    def seed(self) -> int:
        return self.options.seed if self.options.seed is not None else int(self.old.get("seed", 0))

    @property
    def hours(self) -> float | None:
        """That the steps shall fill; None where their number is known."""
        return None if self.old else self.options.hours

    def settle(self, steps: int, facts: Facts, threads: int) -> str:
        """Write down how the training is done, or see that it is what was written; the training's key."""
        settings = lasting(
            self.subject, self.task, self.data, self.options, seed=self.seed, steps=steps, facts=facts
        )  # fmt: skip
        if not self.old or THREADS in self.old:  # which decide the order of sums; an older version did not say
            settings[THREADS] = threads
        self.folder.settle(settings, self.subject.network, told(self.subject))
        return str(self.folder.settings()["id"])


def _alone(job: _Job, progress: Progress) -> Outcome:
    """In this process."""
    device = job.options.device or ("cuda" if torch.cuda.is_available() else "cpu")
    threads = job.options.threads or job.old.get(THREADS) or default_threads(job.subject.network)
    if device.startswith("cpu"):
        cores = usable_cores()
        progress.say(f"training on {threads} of {cores} core{'s' * (cores > 1)}; --threads sets how many")
    with on_threads(threads):
        module, terms = _first(job), _terms(job, device)
        if job.hours is not None:
            terms, step_s = paced(terms, job.hours, job.task, module)
            progress.say(_pace_text(terms.steps, job.hours, step_s))
        course = job.task.course(module, terms)
        key = job.settle(terms.steps, course.facts, threads)
        with curve_log(job.folder, job.options.loggers) as log:
            watch = Watch(curve=job.folder.curve, progress=progress, total=terms.steps, log=log)
            try:
                trained = train_in_full(
                    course,
                    terms.steps,
                    checkpoint=FileStore(path=job.folder.checkpoint),
                    key=key,
                    on_step=watch.step,
                    on_row=watch.row,
                )
            except Diverged as error:
                job.folder.note_divergence(error.step)
                raise
        return outcome_of(job.task, trained, device)


def _on_workers(job: _Job, progress: Progress) -> Outcome:
    """On a Ray cluster, or on a Ray of our own."""
    options = job.options.workers
    if job.options.device is not None:
        raise ValueError(
            f"--device names a device of this process, got {job.options.device!r} with --workers; leave it out, or "
            "give --gpus-per-worker 0 for CPUs"
        )
    threads = job.options.threads or job.old.get(THREADS) or max(1, int(options.each.cpus))
    set_ray_environment(local=options.address is None)
    driver, members = (needed(f"launch.deploy.training.workers.{name}", "train") for name in ("driver", "member"))
    with on_threads(job.options.threads or default_threads(job.subject.network)):
        module = _first(job)
    work = members.Work(
        task=job.task, module=module, terms=_terms(job, "cpu"), hours=job.hours, threads=threads
    )  # fmt: skip
    store = FileStore(path=job.folder.checkpoint)
    where = f"on the cluster at {options.address}" if options.address else "on this machine"
    progress.say(f"starting {options.number} worker{'s' * (options.number != 1)} {where}")
    with curve_log(job.folder, job.options.loggers) as log:
        told_to = _Listener(job=job, threads=threads, store=store, progress=progress, log=log)
        outcome: Outcome = driver.train_on_workers(work, options, store.read(), told_to)
    return outcome


@dataclass(slots=True, kw_only=True, eq=False)
class _Listener:
    """Does with what workers tell what is done alone: see `launch.deploy.training.workers.driver.Listener`."""

    job: _Job
    threads: int
    store: FileStore
    progress: Progress
    log: LogRows = no_log
    watch: Watch | None = None

    def settle(self, steps: int, facts: Facts, step_s: float | None) -> str:
        if self.watch is not None:
            self.progress.say("a worker was lost; the training goes on from its last checkpoint")
        elif step_s is not None and self.job.hours is not None:
            self.progress.say(_pace_text(steps, self.job.hours, step_s))
        key = self.job.settle(steps, facts, self.threads)
        self.watch = Watch(curve=self.job.folder.curve, progress=self.progress, total=steps, log=self.log)
        return key

    def keep(self, content: bytes) -> None:
        self.store.write(content)

    def step(self, done: int, loss: float) -> None:
        assert self.watch is not None
        self.watch.step(done, loss)

    def row(self, rows: tuple[Row, ...]) -> None:
        assert self.watch is not None
        self.watch.row(rows)

    def diverged(self, step: int) -> None:
        self.job.folder.note_divergence(step)


def _pace_text(steps: int, hours: float, step_s: float) -> str:
    return f"a step takes {step_s:.3f} s: {steps:,} steps in {hours:g} hours"


def _first(job: _Job) -> BuiltNetwork:
    """The network before its first step: with the search's weights, or with drawn ones."""
    if job.options.from_scratch or job.subject.weights is None:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(job.seed)
            return build(job.subject.network)
    found = restored(job.subject.network, read_weights(job.subject.weights))
    return unfold(found, job.task.inputs(NUM_INPUTS))


def _terms(job: _Job, device: str) -> Terms:
    """As the command says, else as the training that is here was begun, else by default."""
    options, usual = job.options, job.subject.experiment.final_fidelity
    recipe = job.old.get("training", {})
    return Terms(
        steps=options.steps or int(job.old.get("steps", LONGER * usual)),
        usual_steps=usual,
        seed=job.seed,
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


def _write(job: _Job, outcome: Outcome) -> None:
    """winner.pt, winner.py and, last, trained.json."""
    folder, card = job.folder, job.task.card if isinstance(job.task, Described) else TaskCard()
    title = f"{job.subject.experiment.space.name}: a network that chamnas trained in {folder.path.name}."
    write_whole(folder.weights, outcome.weights)
    write_whole(folder.code, source(job.subject.network, title, input=card.input, output=card.output).encode())
    folder.write(
        folder.result_file,
        {
            "format": 1,
            "metrics": dict(outcome.metrics),
            "metrics_at_start": dict(outcome.rows[0].metrics),
            "steps": outcome.rows[-1].step,
            "device": outcome.device,
            "workers": job.options.workers.number,
            "task": asdict(card),
        },
    )
    folder.checkpoint.unlink(missing_ok=True)
