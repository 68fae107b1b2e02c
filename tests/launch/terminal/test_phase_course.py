"""What a phase's trials say of its course."""

import pytest

from launch.terminal import course, progress_bar
from launch.terminal.phase_course import Failure
from nas.record import Trial


def trial(ticket: int, minute: int | None, error: float | None = None, failure: str | None = None) -> Trial:
    return Trial(
        phase="search", ticket=ticket, architecture=(ticket,), fidelity=1, origin="design",
        state="running" if minute is None else "failed" if failure else "complete",
        metrics={} if error is None else {"error": error}, failure=failure,
        ended=None if minute is None else f"2026-01-01T00:{minute:02d}:00+00:00",
    )  # fmt: skip


TRIALS = [
    trial(0, 10, 0.5), trial(1, 2, 0.4), trial(2, 12, failure="diverged\nTraceback .."), trial(3, 14, 0.6),
    trial(4, 16, failure="diverged\nTraceback other"), trial(5, 18, failure="out of memory"), trial(6, None),
]  # fmt: skip


def test_the_best_the_rate_and_the_reasons() -> None:
    found = course(TRIALS, "error")
    assert (found.best_trial, found.since_best) == ("search-1", 5), "by when they ended, not by ticket"
    assert found.rate_per_hour == pytest.approx(5 / (16 / 60))
    assert found.failures == (
        Failure(reason="diverged", trials=("search-2", "search-4")),
        Failure(reason="out of memory", trials=("search-5",)),
    )


@pytest.mark.parametrize("trials", [[], TRIALS[-1:], [trial(0, 3, failure="no")]])
def test_where_nothing_is_known_nothing_is_said(trials: list[Trial]) -> None:
    found = course(trials, "error")
    assert (found.best_trial, found.rate_per_hour) == (None, None)


def test_trials_that_end_at_once_have_no_rate() -> None:
    assert course([trial(0, 3, 0.5), trial(1, 3, 0.5)], "error").rate_per_hour is None


@pytest.mark.parametrize(
    ("done", "failed", "total", "bar"),
    [
        (0, 0, 8, "░░░░░░░░"),
        (4, 2, 8, "████▒▒░░"),
        (8, 0, 8, "████████"),
        (99, 0, 100, "███████░"),
        (98, 2, 100, "███████▒"),
        (1, 0, 0, "████████"),
        (12, 0, 8, "████████"),
    ],
)
def test_a_bar_is_full_when_nothing_is_missing_and_a_failure_shows(
    done: int, failed: int, total: int, bar: str
) -> None:
    assert progress_bar(done, failed, total, "utf-8", width=8) == bar
    assert progress_bar(done, failed, total, "ascii", width=8) == bar.translate(str.maketrans("█▒░", "#x."))
