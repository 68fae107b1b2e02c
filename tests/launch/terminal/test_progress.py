"""What a person sees while a search runs."""

import io
from dataclasses import replace

import pytest
from rich.console import Console

from launch.terminal.progress import Progress, Tally, duration, sentence, tally
from nas.record import State, Trial


def trial(state: State, error: float | None = None, duration_s: float | None = None) -> Trial:
    metrics = {} if error is None else {"error": error}
    return Trial(
        phase="search", ticket=0, architecture=(0,), fidelity=1, origin="design", state=state, metrics=metrics,
        duration_s=duration_s,
    )  # fmt: skip


TRIALS = [
    trial("complete", 0.5, 10.0),
    trial("complete", 0.25, 20.0),
    trial("failed", duration_s=30.0),
    trial("running"),
    trial("running"),
]


def test_a_tally_counts_and_forecasts_from_the_mean_duration() -> None:
    state = tally(TRIALS, phase="search", total=13, slots=2, objective="error")
    assert state == Tally(
        phase="search", objective="error", total=13, done=2, running=2, failed=1, best=0.25, left_s=20.0 * 10 / 2
    )


def test_before_anything_has_ended_nothing_is_forecast() -> None:
    state = tally([trial("running")], phase="final", total=3, slots=1, objective="error")
    assert (state.best, state.left_s) == (None, None)
    assert sentence(state) == "final: 0/3 done, 1 running, 0 failed, best error -, about - left"


def test_a_sentence_tells_all_of_it() -> None:
    state = tally(TRIALS, phase="search", total=13, slots=2, objective="error")
    assert sentence(state) == "search: 2/13 done, 2 running, 1 failed, best error 0.2500, about 1 min 40 s left"


def test_the_best_is_the_objectives() -> None:
    trials = [replace(trial("complete"), metrics={"error": 0.5, "loss": value}) for value in (3.0, 2.0)]
    state = tally(trials, phase="search", total=2, slots=1, objective="loss")
    assert "best loss 2.0000, about" in sentence(state)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.4, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min 00 s"),
        (61.0, "1 min 01 s"),
        (3600.0, "1 h 00 min"),
        (9000.0, "2 h 30 min"),
    ],
)
def test_durations_read_well(seconds: float, text: str) -> None:
    assert duration(seconds) == text


STATE = Tally(phase="search", objective="error", total=10, done=0, running=1, failed=0, best=None, left_s=None)


def test_off_a_terminal_the_first_and_the_last_state_are_lines_and_the_rest_is_silent() -> None:
    output = io.StringIO()
    with Progress(console=Console(file=output, width=200)) as progress:
        for done in range(11):
            for _ in range(3):
                progress.show(replace(STATE, done=done))
    assert [line.split(",")[0] for line in output.getvalue().splitlines()] == [
        "search: 0/10 done",
        "search: 10/10 done",
    ]


def test_a_step_that_ends_leaves_a_line_and_brackets_are_no_markup() -> None:
    output, text = io.StringIO(), "a folder [red] and a line that is " + 80 * "very " + "long"
    with Progress(console=Console(file=output, width=200)) as progress:
        for done in (1, 40, 80):
            progress.step("rendering [maps]", done, 80)
        progress.say(text)
    assert output.getvalue().splitlines()[1:] == ["rendering [maps]: 80/80", text]


def test_on_a_terminal_the_end_of_a_phase_stays_on_the_screen() -> None:
    output = io.StringIO()
    with Progress(console=Console(file=output, width=200, force_terminal=True)) as progress:
        for done in range(11):
            progress.show(replace(STATE, done=done))
    assert output.getvalue().count("search: 10/10 done") >= 1
