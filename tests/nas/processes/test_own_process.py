"""What a generator yields in a process of its own arrives here; what befalls it there is told here."""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from nas.plugins import load_file
from nas.processes.heap import KEEP_HEAP
from nas.processes.own_process import TimingError, apart

# A file of its own stands for a plug-in of the user's: importing this test module would import pytest there.
SOURCE = """
import os, signal

def count(n):
    for i in range(n):
        print("noise on standard output")
        yield i, os.getpid()

def environment(names):
    yield {name: os.environ.get(name) for name in names}

def fail():
    print("a word of what went before")
    yield 1
    raise ValueError("the device is gone; plug it in")

def die():
    yield 1
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def plugin(tmp_path: Path) -> Iterator[object]:
    path = tmp_path / "own.py"
    path.write_text(SOURCE)
    module = load_file(path)
    yield module
    del sys.modules[module.__name__]


def test_items_arrive_from_another_process_in_order_and_what_it_prints_does_not(
    plugin: object, capfd: pytest.CaptureFixture[str]
) -> None:
    items = list(apart(plugin.count, 3))  # type: ignore[attr-defined]
    assert [number for number, _ in items] == [0, 1, 2]
    assert os.getpid() not in {pid for _, pid in items}
    assert capfd.readouterr() == ("", "")


def test_the_process_keeps_its_heap(plugin: object) -> None:
    (found,) = apart(plugin.environment, tuple(KEEP_HEAP))  # type: ignore[attr-defined]
    assert found == KEEP_HEAP


def test_a_failure_there_is_told_here_with_what_was_printed_before(
    plugin: object, capsys: pytest.CaptureFixture[str]
) -> None:
    items = apart(plugin.fail)  # type: ignore[attr-defined]
    assert next(items) == 1
    with pytest.raises(TimingError, match="the device is gone; plug it in"):
        next(items)
    said = capsys.readouterr().err
    assert "a word of what went before" in said and "ValueError" in said


def test_a_death_is_told(plugin: object) -> None:
    items = apart(plugin.die)  # type: ignore[attr-defined]
    assert next(items) == 1
    with pytest.raises(TimingError, match=r"was ended by SIGKILL; .* run the command again"):
        next(items)


def test_whoever_stops_listening_leaves_no_process_behind(plugin: object) -> None:
    items = apart(plugin.count, 10**9)  # type: ignore[attr-defined]
    _, pid = next(items)
    items.close()  # type: ignore[attr-defined]
    with pytest.raises(ProcessLookupError):
        os.kill(pid, signal.SIGCONT)
