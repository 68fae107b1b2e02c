"""The command in a process of its own, forked from one that has loaded torch and the rest already.

For what a test kills or interrupts, and for what the checks of types in the test's process would refuse before the
command can. To load everything anew takes longer than most searches of a test. What is about that start itself begins
with `subprocess`: the storm of `launch/test_chaos.py`, the run of `launch/report/conftest.py`.
"""

import atexit
import multiprocessing
import os
import sys
import tempfile
from collections.abc import Mapping
from contextlib import chdir
from dataclasses import dataclass
from multiprocessing import forkserver
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from launch import cli

ROOT = Path(__file__).parents[1]
LOADED = [
    "torch", "nas.depth.training.data_parallel", "sklearn.ensemble", "sklearn.isotonic", "scipy.stats",
    "launch.run.run", "launch.bench",
    *(f"launch.verbs.{verb}" for verb in ("bench", "front", "info", "profile", "report", "search", "select", "status")),
]  # fmt: skip

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(LOADED)


@dataclass(frozen=True, slots=True)
class Forked:
    """What tests use of `subprocess.Popen`."""

    process: ForkServerProcess
    written: tempfile.TemporaryDirectory[str]

    @property
    def pid(self) -> int:
        assert self.process.pid is not None
        return self.process.pid

    @property
    def returncode(self) -> int | None:
        return self.process.exitcode

    def poll(self) -> int | None:
        return self.process.exitcode

    def kill(self) -> None:
        self.process.kill()

    def communicate(self) -> tuple[str, str]:
        """Wait for its end; what it has written to standard output and standard error."""
        self.process.join()
        out, err = (Path(self.written.name, name).read_text() for name in ("out", "err"))
        self.written.cleanup()
        return out, err


def serve() -> None:
    """Have the server run from which processes are forked: one for all tests of this process."""
    with chdir(ROOT):  # here it finds what it is to load
        forkserver.ensure_running()


def start(*arguments: str, folder: Path = ROOT) -> Forked:
    """The command as given in `folder`."""
    serve()
    written = tempfile.TemporaryDirectory(prefix="forked-")
    process = _context.Process(target=_run, args=(arguments, folder, dict(os.environ), Path(written.name)))
    process.start()
    atexit.register(process.kill)  # a test that fails leaves none behind: multiprocessing would wait for it
    return Forked(process, written)


def _run(arguments: tuple[str, ...], folder: Path, environment: Mapping[str, str], written: Path) -> None:
    """The other side: become what `python -m launch` is in that folder, and end as it does."""
    for stream, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(written / name, os.O_WRONLY | os.O_CREAT), stream)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.path.insert(0, str(folder))
    sys.argv = [str(ROOT / "launch" / "__main__.py"), *arguments]
    try:
        cli.main()
    finally:
        atexit._run_exitfuncs()  # multiprocessing leaves them out
