"""A search that takes seconds: a small space, a formula in place of training, and the fake device.

    nas search tests/experiments/tiny.py --out RUN --executor serial --data ORDERS

ORDERS is a folder through which a test commands the evaluator, in whatever process it runs: `Orders.write` says which
jobs fail, exit, diverge, explode to a huge error, hang, kill their process or interrupt it, and `trained` tells which
jobs were begun, in order.
"""

import io
import json
import os
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from launch.experiment import Experiment, Workplace
from nas.devices import fake
from nas.record import Evaluation, Job
from nas.resources import macs, params
from nas.space import Architecture, Choice, Shape, Space, Stage
from predictors import ridge

NARROW = Choice(name="narrow.width", options=(4, 8, 12, 16))
MIDDLE = Choice(name="middle.width", options=(8, 16, 24, 32))
DEEP = Choice(name="deep.width", options=(8, 16, 24, 32))


def _trb(name: str, source: str, width: Choice, *, stride: int = 1, upsample: str = "none") -> Stage:
    expansion = Choice(name=f"{name}.expansion", options=(1, 2, 3, 4))
    return Stage(
        name=name, op="trb", inputs=(source,), width=width, expansion=expansion, stride=stride, upsample=upsample
    )


SPACE = Space(
    name="tiny",
    input=Shape(3, 16, 16),
    stages=(
        Stage(name="stem", op="conv", inputs=("input",), width=NARROW),
        _trb("down", "stem", MIDDLE, stride=2),
        _trb("deep", "down", DEEP),
        _trb("up", "deep", NARROW, upsample="nearest"),
        Stage(name="head", op="head", inputs=("stem", "up"), width=1),
    ),
    references={
        "published": {
            "narrow.width": 12, "middle.width": 24, "deep.width": 24,
            "down.expansion": 3, "deep.expansion": 3, "up.expansion": 3,
        }
    },
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """What is to happen to which jobs, by their names. Those with "once" let the job pass when it is tried again.

    `hold` makes a job wait until there is a file "release".
    """

    fail: tuple[str, ...] = ()
    exit: tuple[str, ...] = ()
    diverge: tuple[str, ...] = ()
    explode: tuple[str, ...] = ()
    kill: tuple[str, ...] = ()
    kill_once: tuple[str, ...] = ()
    interrupt_once: tuple[str, ...] = ()
    hold: tuple[str, ...] = ()

    def write(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        (folder / "orders.json").write_text(json.dumps(asdict(self)))


def trained(folder: Path) -> list[str]:
    """Names of the jobs that the evaluator has begun, in order, repeats included."""
    log = folder / "trained.log"
    return log.read_text().split() if log.exists() else []


@dataclass(frozen=True, slots=True, kw_only=True)
class Formula:
    """Larger options have less error; a little noise is fixed by the architecture."""

    orders: Path | None

    @property
    def data_facts(self) -> Mapping[str, str | int]:
        return {}

    @property
    def baselines(self) -> Mapping[str, Mapping[str, float]]:
        return {"nothing": {"error": 1.0}}

    def __call__(self, job: Job) -> Evaluation:
        if self.orders is not None:
            self._obey(self.orders, job.name)
        artifacts = {"pt": _weights(job.architecture)} if job.phase == "final" else {}
        return Evaluation(metrics={"error": self._error(job)}, artifacts=artifacts)

    def _error(self, job: Job) -> float:
        if self.orders is not None and job.name in _read(self.orders).diverge:
            return float("nan")
        if self.orders is not None and job.name in _read(self.orders).explode:
            return 1e6
        return error_of(job.architecture)

    def _obey(self, folder: Path, name: str) -> None:
        with (folder / "trained.log").open("a") as log:
            log.write(f"{name}\n")
        orders = _read(folder)
        if name in orders.kill or (name in orders.kill_once and _is_first(folder, name)):
            os.kill(os.getpid(), signal.SIGKILL)
        if name in orders.interrupt_once and _is_first(folder, name):
            os.kill(os.getpid(), signal.SIGINT)
        if name in orders.hold:
            _wait_for(folder / "release")
        if name in orders.exit:
            sys.exit(0)
        if name in orders.fail:
            raise RuntimeError(f"{name} fails as it was told")


@dataclass(frozen=True, slots=True, kw_only=True)
class AroundFormula:
    """What evaluators around the formula have in common; they say what a job gives."""

    formula: Formula

    @property
    def data_facts(self) -> Mapping[str, str | int]:
        return self.formula.data_facts

    @property
    def baselines(self) -> Mapping[str, Mapping[str, float]]:
        return self.formula.baselines


def error_of(architecture: Architecture) -> float:
    """The formula."""
    noise = np.random.default_rng(architecture).normal()
    return float(1 / (1 + sum(architecture) / 10) + 0.005 * noise)


def _read(folder: Path) -> Orders:
    written = json.loads((folder / "orders.json").read_text())
    return Orders(**{name: tuple(jobs) for name, jobs in written.items()})


def _is_first(folder: Path, name: str) -> bool:
    marker = folder / f"once-{name}"
    if marker.exists():
        return False
    marker.touch()
    return True


def _wait_for(path: Path) -> None:
    """Until it is there, or the parent is gone: a test that dies must not leave a process behind."""
    parent = os.getppid()
    while not path.exists() and os.getppid() == parent:
        time.sleep(0.02)


def _weights(architecture: Architecture) -> bytes:
    """Untrained weights of the network, as a real evaluator leaves them."""
    import torch

    from nas.lowering.standalone import state
    from nas.lowering.torch_module import build, fold

    torch.manual_seed(0)
    content = io.BytesIO()
    torch.save(state(fold(build(SPACE.lower(architecture)))), content)
    return content.getvalue()


def experiment() -> Experiment:
    return Experiment(
        name="tiny",
        space=SPACE,
        make_evaluator=make_evaluator,
        predictor=ridge.PREDICTOR,
        resources=(*macs.RESOURCES, *params.RESOURCES),
        devices=(fake.DEVICE,),
        limits=("macs <= 0.7 * published", "latency_ms.fake <= 0.8 * published"),
        baseline="published",
        num_design=6,
        num_trials=12,
        fidelity=1,
        num_finalists=2,
        final_fidelity=5,
    )


def make_evaluator(place: Workplace) -> Formula:
    return Formula(orders=place.data)
