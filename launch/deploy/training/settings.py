"""What a training is: what the command says of it, and what training.json keeps and holds to."""

import importlib.metadata
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from launch.deploy.subject.subject import Subject
from launch.deploy.training.workers.options import WorkerOptions
from nas.deploy import TrainingFolder
from nas.deploy.course import Facts, Gives, Precision, Trainable, Wants
from nas.record import Evaluator


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
    workers: WorkerOptions = field(default_factory=WorkerOptions)


def lasting(
    subject: Subject,
    task: Trainable,
    data_settings: Mapping[str, Any],
    options: TrainingOptions,
    *,
    seed: int,
    steps: int,
    facts: Facts,
) -> dict[str, Any]:
    """What may not change while a training lasts; `facts` are its course's."""
    begun = None if options.from_scratch or subject.weights is None else _digest(subject.weights)
    return {
        "experiment": subject.reference,
        "data_settings": dict(data_settings),
        "space": subject.experiment.space.name,
        "input": list(subject.experiment.space.input),
        "architecture": list(subject.architecture),
        "decisions": subject.experiment.space.decisions(subject.architecture),
        "weights_at_start": begun,
        "steps": steps,
        "seed": seed,
        "teacher": _teacher_digest(options),
        "training": dict(facts),
        "data": dict(task.data_facts) if isinstance(task, Evaluator) else {},
    }


def _teacher_digest(options: TrainingOptions) -> str | None:
    """What tells a teacher from another: its weights, and of an ONNX file how it is asked."""
    if options.teacher is None:
        return None
    if options.teacher.is_dir():
        return _digest(TrainingFolder(path=options.teacher).weights)
    return f"{_digest(options.teacher)} {options.teacher_wants} {options.teacher_gives}"


def told(subject: Subject) -> dict[str, Any]:
    """How the network was found, and with what it was trained."""
    return {
        "found": dict(subject.found),
        "weights": None if subject.weights is None else str(subject.weights),
        "versions": {name: importlib.metadata.version(name) for name in ("chamnas", "torch")},
    }


def _digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()[:16]
