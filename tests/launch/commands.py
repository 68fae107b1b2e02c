"""What tests of the command share: a place with a run, and the command, in this process or in one of its own."""

import contextlib
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from launch import cli
from launch.session import RunFolder
from launch.session.session import open_session
from nas.record import Trial
from tests.experiments.tiny import Orders
from tests.forked import ROOT, start

TINY = str(ROOT / "tests/experiments/tiny.py")
GRADED = str(ROOT / "tests/experiments/graded.py")
THROTTLED = str(ROOT / "tests/experiments/throttled.py")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    code: int
    out: str
    err: str

    @property
    def record(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A folder with a run, the orders for its evaluator and a cache."""

    path: Path

    @property
    def run(self) -> RunFolder:
        return RunFolder(path=self.path / "run")

    @property
    def orders(self) -> Path:
        return self.path / "orders"

    def search(self, *options: str, experiment: str = TINY) -> list[str]:
        """The command for this place; options come last, so they win."""
        return [
            "search", experiment, "--out", str(self.run.path), "--executor", "serial", "--data", str(self.orders),
            "--cache", str(self.path / "cache"), *options,
        ]  # fmt: skip

    def trials(self) -> list[Trial]:
        """All trials, without what no two runs share: when they ended and how long they took."""
        session = open_session(self.run)
        found = [*session.trials("search"), *session.trials("final")]
        return [replace(trial, ended=None, duration_s=None) for trial in found]


def nas(*arguments: str) -> Ended:
    """The command in this process: what is neither killed nor interrupted need not wait for another to load torch."""
    with contextlib.chdir(ROOT):
        ended = CliRunner().invoke(cli.nas, arguments, prog_name="nas")
    return Ended(code=ended.exit_code, out=ended.stdout, err=ended.stderr)


def nas_alone(*arguments: str) -> Ended:
    """The command in a process of its own."""
    process = start(*arguments)
    out, err = process.communicate()
    return Ended(code=process.returncode, out=out, err=err)


def place_at(path: Path, orders: Orders | None = None) -> Place:
    place = Place(path=path)
    (orders or Orders()).write(place.orders)
    return place


def contents(folder: Path) -> dict[str, bytes]:
    """Of all files but hidden ones and those that Python compiles beside a winner.py."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith(".") and path.suffix != ".pyc"
    }
