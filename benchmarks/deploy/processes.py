"""Processes that hold a network each and run it when they are told: the interleaved timing of `benchmarks.deploy`."""

import json
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Of one network in one runtime. `loaded` and `peak` are bytes beside the runtime's own."""

    milliseconds: tuple[float, ...]
    loaded: int
    peak: int


def measure(
    wanted: Mapping[str, tuple[str, Path]], size: tuple[int, int], *, rounds: int, runs: int
) -> dict[str, Measured]:
    """Load (runtime, file) for each name, one after another, then time all in turns.

    Raises:
      RuntimeError: one of them failed; what it said is on standard error.
    """
    with ExitStack() as stack:
        sessions, memory = {}, {}
        for name, (runtime, path) in wanted.items():
            print(f"  loading {name}", file=sys.stderr, flush=True)
            sessions[name] = stack.enter_context(_start(runtime, path, size))
            memory[name] = _answer(sessions[name], name)
        times: dict[str, list[float]] = {name: [] for name in wanted}
        for _ in range(rounds):
            for name, session in sessions.items():
                assert session.stdin is not None
                session.stdin.write(f"{runs}\n")
                session.stdin.flush()
                times[name] += _answer(session, name)
        for session in sessions.values():
            assert session.stdin is not None
            session.stdin.close()
    return {name: Measured(milliseconds=tuple(times[name]), **memory[name]) for name in wanted}


def _start(runtime: str, path: Path, size: tuple[int, int]) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "benchmarks.deploy.session", runtime, str(path), *map(str, size)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _answer(session: "subprocess.Popen[str]", name: str) -> "dict[str, int] | list[float]":
    assert session.stdout is not None
    for line in session.stdout:
        if line.startswith(("{", "[")):
            found: dict[str, int] | list[float] = json.loads(line)
            return found
    raise RuntimeError(f"{name} ended with status {session.wait()}")
