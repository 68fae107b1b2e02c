"""Many replays: what a file holds is not run again, and a comparison that was cut off ends like one that was not."""

import json
from pathlib import Path

import numpy as np
import pytest

from launch.bench.question import Arena, Question
from launch.bench.replay.entrants import code
from launch.bench.replay.pool import replay_all
from launch.bench.replay.replay import Course, Replay, replay
from launch.bench.replay.store import Store, key
from launch.extensions.checked_parts import PartError
from tests.launch.bench.tables import ACC, arena, write

COURSE = Course(num_trials=6, workers=1, lag=0, predictor="ridge")
RUNS = [("random", 0), ("evolution", 0), ("random", 1)]


@pytest.fixture
def small(tmp_path: Path) -> Arena:
    return arena(write(tmp_path / "t.csv"))


def ran(replays: list[Replay]) -> list[tuple[str, int, tuple[int, ...], tuple[float, ...]]]:
    return [(one.strategy, one.seed, one.places, one.ended_s) for one in replays]


@pytest.mark.slow
def test_processes_give_what_one_gives_and_a_file_that_was_cut_off_goes_on(
    small: Arena, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "launch.bench.replay.pool.code", lambda strategy, predictor: "as it was"
    )  # though somebody edits it
    alone = [replay(small, COURSE, *run) for run in RUNS]
    store, seen = Store(path=tmp_path / "deep" / "runs.jsonl"), list[tuple[int, int]]()
    first = replay_all(small, COURSE, RUNS, jobs=2, store=store, watch=lambda *count: seen.append(count))
    assert ran(first) == ran(alone)
    assert seen == [(0, 3), (1, 3), (2, 3), (3, 3)]
    lines = store.path.read_text().splitlines(keepends=True)
    store.path.write_text("".join(lines[:2]) + lines[2][: len(lines[2]) // 2])
    seen.clear()
    again = replay_all(small, COURSE, RUNS, jobs=2, store=store, watch=lambda *count: seen.append(count))
    assert ran(again) == ran(alone) and seen == [(2, 3), (3, 3)]
    assert replay_all(small, COURSE, RUNS, jobs=2, store=store) == again
    assert len(store.path.read_text().splitlines()) == 4  # two whole lines, the one cut off, its successor


def test_other_settings_live_in_the_same_file(small: Arena, tmp_path: Path) -> None:
    def of(
        arena: Arena = small, course: Course = COURSE, strategy: str = "random", seed: int = 0, code: str = "c"
    ) -> str:
        return json.dumps(key(arena, course, strategy, seed, code))

    limited = arena(tmp_path / "t.csv", Question(objectives=(ACC,), limits=("late <= 3",)))
    told, names = (arena(tmp_path / "t.csv", Question(objectives=(ACC,), numeric=asked)) for asked in ("x_a", "none"))
    blind = arena(tmp_path / "t.csv", Question(objectives=(ACC,), statistics=()))
    changed = [
        of(limited), of(blind), of(told), of(names), of(strategy="forest"), of(seed=1), of(code="d"),
        *(of(course=Course(num_trials=n, workers=w, lag=lag, predictor=p))
          for n, w, lag, p in [(7, 1, 0, "ridge"), (6, 2, 0, "ridge"), (6, 1, 1, "ridge"), (6, 1, 0, "gp")]),
    ]  # fmt: skip
    assert len({of(), *changed}) == 1 + len(changed)
    judged = arena(tmp_path / "t.csv", Question(objectives=(ACC,), judge=ACC))
    assert of(judged) == of()  # the judge changes no training


def test_lines_of_something_else_hold_nothing_and_are_kept(tmp_path: Path, small: Arena) -> None:
    path = tmp_path / "runs.jsonl"
    path.write_text('{"key": 1}\nnonsense\n{"key": {}, "replay": {}}')
    store, found = Store(path=path), replay(small, COURSE, "random", 0)
    wanted = key(small, COURSE, "random", 0, "c")
    assert store.find([wanted]) == [None]
    store.add(wanted, found)
    assert store.find([wanted, key(small, COURSE, "random", 1, "c")]) == [found, None]
    assert path.read_text().startswith('{"key": 1}\nnonsense\n{"key": {}, "replay": {}}\n')


def test_a_file_that_begins_with_something_else_is_refused_and_kept(tmp_path: Path, small: Arena) -> None:
    path = tmp_path / "other.csv"
    path.write_text("x_a,acc\n0,1\n")
    with pytest.raises(ValueError, match=r"other\.csv holds no replays, it begins with 'x_a,acc'; give --out a new"):
        replay_all(small, COURSE, RUNS, jobs=1, store=Store(path=path))
    assert path.read_text() == "x_a,acc\n0,1\n"


def test_code_tells_versions_of_a_strategy_apart(tmp_path: Path) -> None:
    mine = tmp_path / "mine.py"
    mine.write_text("STRATEGY = 1")
    before = code(str(mine), "gp")
    mine.write_text("STRATEGY = 2")
    assert code(str(mine), "gp") != before
    assert code("forest", "gp") == code("forest", str(mine)) != code("random", "gp")
    assert code("random", str(mine)) != code("random", "gp")


@pytest.mark.parametrize(
    "file", ["nas/plugins.py", "nas/search/acquisition.py", "nas/genetic/search.py", "nas/feasible/feasible.py"]
)
def test_what_a_strategy_of_ours_rests_on_is_a_part_of_its_code(file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before, read = code("chamnet", "gp"), Path.read_bytes

    def edited(path: Path) -> bytes:
        return read(path) + (b"#" if path.as_posix().endswith(file) else b"")

    monkeypatch.setattr(Path, "read_bytes", edited)
    assert code("chamnet", "gp") != before


def test_a_strategy_that_fails_stops_the_comparison_and_what_is_done_is_kept(small: Arena, tmp_path: Path) -> None:
    mine = tmp_path / "mine.py"
    mine.write_text("def STRATEGY(task):\n    raise KeyError('oops')\n")
    store = Store(path=tmp_path / "runs.jsonl")
    with pytest.raises(PartError, match=r"strategy .*mine\.py: KeyError: 'oops'"):
        replay_all(small, COURSE, [("random", 0), (str(mine), 0)], jobs=1, store=store)
    kept = store.find([key(small, COURSE, "random", 0, code("random", "ridge"))])
    assert kept[0] is not None and len(np.unique(kept[0].places)) == 6
