"""Tables with results of cheaper trainings: what is asked, what is spent, and that only full trainings count."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from launch.bench.comparison import compare, loss_curve
from launch.bench.comparison.measure import rank
from launch.bench.question import Arena, Goal, Question, ladder
from launch.bench.replay.pool import replay_all
from launch.bench.replay.replay import Course, Replay, replay
from launch.bench.replay.store import Store
from launch.cli import nas
from tests.launch.bench.tables import ACC, arena, write

RUNGS = ("10=acc", "2=test")
"""`test` stands for a cheap training: it wants another c than `acc` does."""
QUESTION = Question(objectives=(ACC,), ladder=ladder(RUNGS, eta=3.0))


def course(num_trials: int, *, workers: int = 1, lag: int = 0) -> Course:
    return Course(num_trials=num_trials, workers=workers, lag=lag, predictor="ridge")


@pytest.fixture(scope="module")
def rungs(tmp_path_factory: pytest.TempPathFactory) -> Arena:
    return arena(write(tmp_path_factory.mktemp("rungs") / "t.csv"), QUESTION)


def test_rungs_are_read_and_sorted_by_their_cost() -> None:
    found = ladder(RUNGS, eta=3.0)
    assert found is not None and found.columns == ("test", "acc")
    assert found.rungs.fidelities == (2, 10) and found.full == 10
    assert ladder((), eta=3.0) is None


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (("12",), "a rung is COST=COLUMN with a whole cost of 1 or more, such as 12=acc_12, got '12'"),
        (("0=a", "2=b"), "got '0=a'"),
        (("2=a",), "rungs are two or more, got '2=a' alone; give the objective's own cost as a rung too"),
        (("2=a", "2=b"), "got 2, 2; sort them"),
    ],
)
def test_rungs_that_are_none_are_refused(texts: tuple[str, ...], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        ladder(texts, eta=3.0)


def test_the_costliest_rung_is_the_only_objective() -> None:
    for objectives in ((Goal(column="test", maximise=True),), (ACC, Goal(column="params", maximise=False))):
        with pytest.raises(ValueError, match="the costliest rung holds the only objective, got 'acc' and "):
            Question(objectives=objectives, ladder=QUESTION.ladder)


@pytest.mark.parametrize("strategy", ["halving", "asha", "random", "chamnet"])
@pytest.mark.parametrize(("workers", "lag"), [(1, 0), (4, 8)])
def test_a_replay_spends_what_so_many_full_trainings_cost(rungs: Arena, strategy: str, workers: int, lag: int) -> None:
    found = replay(rungs, course(12, workers=workers, lag=lag), strategy, seed=1)
    assert 120 <= sum(found.costs) < 130
    pairs = list(zip(found.places, found.fidelities, strict=True))
    assert len(set(pairs)) == len(pairs)
    assert set(found.fidelities) == ({2, 10} if strategy in ("halving", "asha") else {10})


def test_the_same_replay_for_any_number_of_workers_with_a_lag(rungs: Arena) -> None:
    found = [replay(rungs, course(12, workers=workers, lag=8), "halving", seed=1) for workers in (1, 8)]
    pairs = [set(zip(one.places, one.fidelities, strict=True)) for one in found]
    assert pairs[0] == pairs[1]


def test_only_full_trainings_count_and_all_of_them_cost(rungs: Arena) -> None:
    values, best = rungs.values[:, 0], float(rungs.values[:, 0].min())
    # 2 + 2 + 10, 2 + 10, 10: full ones have ended when 14, 26 and 36 are spent.
    went = Replay(
        strategy="x", seed=0, places=(0, 1, 1, 2, 2, 35), fidelities=(2, 2, 10, 2, 10, 10),
        ended_s=tuple(map(float, range(6))), proposal_ms=1.0,
    )  # fmt: skip
    worst = float(values.max()) - best
    after = np.minimum.accumulate(values[[1, 2, 35]]) - best
    np.testing.assert_allclose(loss_curve(rungs, went, 5), [worst, after[0], after[1], after[2], after[2]])
    assert rank(rungs, went) == 1 + int((values < values[[1, 2, 35]].min()).sum())
    (standing,) = compare(rungs, course(5), [went]).standings
    assert (standing.num_short, standing.num_failed) == (1, 0)


def test_a_cheap_training_is_answered_from_its_own_column_and_takes_its_share_of_time(rungs: Arena) -> None:
    assert rungs.cheap_by_fidelity.keys() == {2} and "test" not in rungs.statistics
    found = replay(rungs, course(3), "asha", seed=0)
    first = found.ended_s[0]
    again = replay(rungs, course(3), "random", seed=0)
    assert first == pytest.approx(again.ended_s[0] / 5, abs=1e-5)


def test_replays_with_rungs_are_kept_and_not_taken_for_those_without(rungs: Arena, tmp_path: Path) -> None:
    store, plain = Store(path=tmp_path / "runs.jsonl"), arena(write(tmp_path / "t.csv"))
    for one in (rungs, plain, rungs, plain):
        replay_all(one, course(3), [("random", 0)], jobs=1, store=store)
    assert len(store.path.read_text().splitlines()) == 2


def bench(path: Path, *options: str) -> Result:
    quick = ("--trials", "5", "--seeds", "2", "--jobs", "1", "--predictor", "ridge")
    return CliRunner().invoke(nas, ["bench", str(path), "--objective", "acc", *quick, *options])


@pytest.mark.slow
def test_the_command_says_what_trainings_cost(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv")
    options = ("--rung", "2=test", "--rung", "10=acc", "--eta", "3", "--strategies", "halving,asha")
    shown = bench(path, *options)
    assert shown.exit_code == 0, shown.output
    assert "a training's cost 2 test, 10 acc, eta 3: N trained is what N full trainings cost" in shown.stdout
    record = json.loads(bench(path, *options, "--json").stdout)
    assert record["rungs"] == {"columns": ["test", "acc"], "rungs": {"fidelities": [2, 10], "eta": 3.0}}
    assert record["best_peer"] == "asha"
    refused = bench(path, "--rung", "2=test")
    assert refused.exit_code == 2 and "rungs are two or more" in refused.output
