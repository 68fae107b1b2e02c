"""Running a user's own code: what it prints stays out of our output, and what it raises becomes one sentence.

The sentence names the place in the user's own file, not the place in a library where the mistake came to light.
"""

import ctypes
import os
import sys
import sysconfig
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from pathlib import Path

_HOUSE = Path(__file__).resolve().parents[2]
_OURS = tuple(str(_HOUSE / name) + os.sep for name in ("nas", "search_spaces", "predictors", "launch"))
_INSTALLED = tuple(sysconfig.get_path(name) + os.sep for name in ("stdlib", "platstdlib", "purelib", "platlib"))


@contextmanager
def aside() -> Iterator[None]:
    """Redirect what is printed, by Python or by C code, to standard error: standard output is the command's."""
    _flush()
    try:
        kept = os.dup(1)
        os.dup2(2, 1)
    except OSError:  # one of them is closed: there is nothing to keep apart
        yield
        return
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        _flush()
        os.dup2(kept, 1)
        os.close(kept)


def _flush() -> None:
    """Flush Python's buffers and the C library's, of which each knows its own only."""
    for stream in (sys.stdout, sys.__stdout__):
        if stream is not None:
            with suppress(OSError, ValueError):  # a reader that has gone, a file that was closed
                stream.flush()
    with suppress(OSError, AttributeError, TypeError):  # where the C library cannot be found by no name
        ctypes.CDLL(None).fflush(None)


def told(error: BaseException) -> str:
    """An exception as a sentence: what happened, its cure where there is one for all, and where."""
    said = f"exit status {error.code}" if isinstance(error, SystemExit) else str(error)
    return f"{type(error).__name__}: {said}{_cure(error)}{place(error)}"


def place(error: BaseException) -> str:
    """Such as " (mine.py, line 12)": the innermost frame in a user's file, else in ours.

    Of a mistake in the syntax "": the error says it itself.
    """
    if isinstance(error, SyntaxError):
        return ""
    frames = traceback.extract_tb(error.__traceback__)
    foreign = [frame for frame in frames if not frame.filename.startswith((*_OURS, "<"))]
    own = [frame for frame in foreign if not frame.filename.startswith(_INSTALLED)]
    chosen = own[-1:] or foreign[:1] or frames[-1:]  # a user's own code may be installed, too
    return "".join(f" ({Path(frame.filename).name}, line {frame.lineno})" for frame in chosen)


def is_ours(error: BaseException) -> bool:
    """Whether it is a refusal of ours, a whole sentence: raised here, and of a kind that we raise for bad input."""
    frames = traceback.extract_tb(error.__traceback__)
    return isinstance(error, ValueError | OSError | RuntimeError) and frames[-1].filename.startswith(_OURS)


def _cure(error: BaseException) -> str:
    match error:
        case SystemExit():
            return "; leave sys.exit() to `if __name__ == '__main__'`"
        case ModuleNotFoundError():
            return "; put the module beside the file that imports it, or install it"
    return ""
