import zlib
from pathlib import Path

import pytest

from nas.errors.unreadable_files import reading, reason


class Refused(ValueError):
    pass


def read(error: Exception) -> None:
    with reading(Path("a/b.npz"), Refused, rule="depth must be so", cure="replace it"):
        raise error


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (OSError("cut\n off"), r"cut off"),
        (zlib.error("Error -3"), r"error: Error -3"),
        (KeyError("depth"), r"KeyError: 'depth'"),
        (AssertionError(), r"AssertionError"),
        (MemoryError("8 TB"), r"it asks for more memory than there is: 8 TB"),
        (RecursionError("too deep"), r"RecursionError: too deep"),
    ],
)
def test_whatever_is_raised_is_one_sentence_with_the_files_name(error: Exception, why: str) -> None:
    with pytest.raises(Refused, match=rf"^depth must be so, a/b\.npz cannot be read \({why}\); replace it$"):
        read(error)


def test_a_refusal_and_an_interruption_pass() -> None:
    with pytest.raises(Refused, match=r"^mine$"):
        read(Refused("mine"))
    with pytest.raises(KeyboardInterrupt), reading(Path("a"), Refused, rule="", cure=""):
        raise KeyboardInterrupt


def test_a_long_message_is_cut() -> None:
    assert len(reason(ValueError("x" * 9_999))) < 250
