"""Waiting in tests: for as long as what is waited for can still come. A machine may be as slow as it likes.

No test may fail because of the time that something takes. Where a hang must end, patience is counted in looks without
a sign of progress, not in seconds: a busy machine stretches every look, and so the patience with it. Behind that stands
only pytest's own limit, see pyproject.toml.
"""

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")

PAUSE_S = 0.05
NUM_LOOKS = 12_000  # ten minutes of an idle machine
FOREVER_S = 3000.0  # for what insists on a limit in seconds: as good as none, but within pytest's


def until(
    look: Callable[[], Found],
    *,
    what: str,
    alive: Callable[[], bool] = lambda: True,
    signs: Callable[[], object] = lambda: None,
    num_looks: int = NUM_LOOKS,
) -> Found:
    """Look again and again; the first answer that is true.

    Args:
      what: is waited for, for the message.
      alive: whether it can still come.
      signs: anything that changes while there is progress; each change renews the patience.
      num_looks: in a row without an answer and without a sign.

    Raises:
      AssertionError: it can come no longer, or nothing has changed for so many looks.
    """
    seen, left = signs(), num_looks
    while True:
        could_come = alive()  # asked before the look: what it did last may be what is waited for
        if found := look():
            return found
        assert could_come, f"{what}: it can come no longer"
        left = left - 1 if (sign := signs()) == seen else num_looks
        assert left > 0, f"{what}: nothing has happened for {num_looks} looks"
        seen = sign
        time.sleep(PAUSE_S)
