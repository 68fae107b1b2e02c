"""Runs a generator in a process of its own and yields what it yields, so that timings can be trusted.

How a process has been used decides how fast it runs a network. After ten minutes of fitting predictors the same
network takes 10.7 ms that takes a new process 8.8. Most of that is the heap: whether the C library returns a large
activation to the system hangs on which small block happens to lie at the heap's end. So the process is new, and told
at its start to keep its heap (`nas.processes.heap`).

What it prints is shown only if it fails: runtimes greet every new process with a dozen lines of what they miss.
"""

import os
import pickle
import signal
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from typing import IO, Any, Literal, TypeVar

import cloudpickle

from nas.plugins import loaded_files
from nas.processes.heap import KEEP_HEAP

T = TypeVar("T")

_Kind = Literal["item", "error", "end"]


class TimingError(RuntimeError):
    """The process that was timing has failed or died."""


def apart(function: Callable[..., Iterator[T]], *arguments: Any) -> Iterator[T]:
    """Yield what `function(*arguments)` yields in a new process; everything that passes must pickle.

    Raises:
      TimingError: the function failed there, or the process died.
    """
    for module in loaded_files():
        cloudpickle.register_pickle_by_value(module)  # a plug-in from a user's file can be imported only here
    path = os.pathsep.join(entry or os.getcwd() for entry in sys.path)
    with tempfile.TemporaryFile() as said:
        child = subprocess.Popen(
            [sys.executable, "-m", "nas.processes.own_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            env={**os.environ, **KEEP_HEAP, "PYTHONPATH": path},
        )
        assert child.stdin is not None and child.stdout is not None
        try:
            _send(child, cloudpickle.dumps((function, arguments)))
            yield from _received(child, child.stdout)
        except TimingError:
            said.seek(0)
            sys.stderr.write(said.read().decode(errors="replace"))
            raise
        finally:
            child.kill()
            child.communicate()


def _send(child: subprocess.Popen[bytes], work: bytes) -> None:
    assert child.stdin is not None
    try:
        child.stdin.write(work)
        child.stdin.close()
    except BrokenPipeError:
        raise _death(child) from None
    child.stdin = None  # closed: `communicate` must not flush it


def _received(child: subprocess.Popen[bytes], source: IO[bytes]) -> Iterator[Any]:
    while True:
        try:
            kind, content = pickle.load(source)
        except (EOFError, pickle.UnpicklingError):
            raise _death(child) from None
        if kind == "end":
            return
        if kind == "error":
            raise TimingError(content)
        yield content


def _death(child: subprocess.Popen[bytes]) -> TimingError:
    code = child.wait()
    reason = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit status {code}"
    return TimingError(f"the process that times {reason}; see above what it said, and run the command again")


def _serve() -> None:
    """The other side: read the work from standard input, write what it yields to what was standard output."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal interrupts both; the parent ends this one
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not get between the answers

    def answer(kind: _Kind, content: Any = None) -> None:
        pickle.dump((kind, content), answers)
        answers.flush()

    try:
        function, arguments = pickle.load(sys.stdin.buffer)
        for item in function(*arguments):
            answer("item", item)
    except BrokenPipeError:
        return  # the parent is gone
    except Exception as error:
        traceback.print_exc()
        answer("error", str(error) or type(error).__name__)
        return
    answer("end")


if __name__ == "__main__":
    _serve()
