"""Regret, rank, judge and hypervolume against hand counts; intervals against theory."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from launch.bench.comparison.comparison import compare, ratio
from launch.bench.comparison.measure import (
    NUDGE,
    Estimate,
    estimate,
    estimates,
    front_share,
    judge_curve,
    judge_floor,
    loss_curve,
    rank,
    reached,
    reference_point,
    true_front,
)
from launch.bench.question import Arena, Goal, Question
from launch.bench.replay import Course, Replay
from tests.launch.bench.tables import arena

TABLE = "x_a,acc,test,cost\n0,1,9,1\n1,5,2,2\n2,,8,3\n3,4,7,4\n4,9,5,5\n5,5,1,6\n6,20,30,99\n"
JUDGED = Question(
    objectives=(Goal(column="acc", maximise=True),), judge=Goal(column="test", maximise=True), limits=("cost <= 10",)
)
COURSE = Course(num_trials=6, workers=1, lag=0, predictor="gp")


def went(*places: int, strategy: str = "random", seed: int = 0) -> Replay:
    times = tuple(float(i) for i in range(len(places)))
    return Replay(strategy=strategy, seed=seed, places=places, ended_s=times, proposal_ms=1.0)


@pytest.fixture
def judged(tmp_path: Path) -> Arena:
    (tmp_path / "t.csv").write_text(TABLE)
    return arena(tmp_path / "t.csv", JUDGED)


def test_regret_starts_at_the_worst_while_trainings_fail_and_keeps_its_last_value(judged: Arena) -> None:
    assert loss_curve(judged, went(2, 0, 1, 3, 4), 6).tolist() == [8, 8, 4, 4, 0, 0]


def test_equal_values_share_a_rank_and_rows_beyond_a_limit_do_not_count(judged: Arena) -> None:
    assert [rank(judged, went(place)) for place in (4, 1, 5, 3, 0)] == [1, 2, 2, 4, 5]
    assert rank(judged, went(2)) == 6  # nothing has succeeded: behind all five that have a value


def test_the_judge_looks_at_the_first_best_so_far(judged: Arena) -> None:
    assert judge_curve(judged, went(2, 0, 1, 5, 4), 6).tolist() == [1, 0, 7, 7, 4, 4]
    assert judge_floor(judged) == 4
    with pytest.raises(ValueError, match="a judge looks at the best of one objective"):
        judge_curve(replace(judged, judged=None), went(0), 6)


def test_hypervolume_is_measured_against_the_true_front(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("x_a,acc,ms\n0,0,0\n1,10,5\n2,6,8\n3,8,20\n4,10,5\n5,,1\n")
    both = arena(
        tmp_path / "t.csv", Question(objectives=(Goal(column="acc", maximise=True), Goal(column="ms", maximise=False)))
    )
    assert true_front(both).tolist() == [0, 1, 4]
    np.testing.assert_allclose(reference_point(both), [0 + 10 * NUDGE, 20 + 20 * NUDGE])
    whole = 10.1 * 15.2 + 0.1 * 5
    expected = [1, 1 - 0.1 * 20.2 / whole, 0, 0]
    np.testing.assert_allclose(loss_curve(both, went(5, 0, 1, 3), 4), expected, atol=1e-12)
    assert front_share(both, went(5, 0, 2)) == pytest.approx(1 / 3)


def test_an_interval_holds_the_mean_and_narrows_with_the_root_of_the_seeds() -> None:
    rng = np.random.default_rng(0)
    few, many = rng.normal(5, 1, (25, 1)), rng.normal(5, 1, (2500, 1))
    for samples in (few, many):
        mean, low, high = estimates(samples)[:, 0]
        assert mean == pytest.approx(samples.mean())
        assert high - low == pytest.approx(2 * 1.96 * samples.std() / np.sqrt(len(samples)), rel=0.15)
    assert estimate(np.array([3.0, np.nan])) == Estimate(mean=3.0, low=3.0, high=3.0)
    assert estimate(np.array([np.nan])) is None
    assert np.isnan(estimates(np.full((2, 3), np.nan))).all()


def test_a_bar_is_reached_at_the_first_training_that_is_no_worse() -> None:
    curve = np.array([5.0, 3.0, 3.0, 1.0])
    assert [reached(curve, bar) for bar in (9.0, 3.0, 2.0, 0.5)] == [1, 2, 4, None]


def test_a_ratio_of_means_has_an_interval_and_survives_zeros() -> None:
    rng = np.random.default_rng(0)
    found = ratio(rng.normal(2, 0.1, 100), rng.normal(4, 0.1, 100), rng)
    assert found.low < found.mean < found.high and found.mean == pytest.approx(0.5, abs=0.02)
    nothing, something = np.zeros(5), np.ones(5)
    assert ratio(nothing, nothing, rng) == Estimate(mean=1.0, low=1.0, high=1.0)
    assert ratio(something, nothing, rng).mean == np.inf and ratio(nothing, something, rng).high == 0.0


def test_strategies_are_compared_with_the_best_peer(judged: Arena) -> None:
    replays = [
        went(4, 0, 1, strategy="chamnet"),
        went(0, 3, 4, 1, 2, 5, strategy="forest"),
        went(0, 1, 2, strategy="random"),
        went(1, 2, strategy="chamnet", seed=1),
    ]
    found = compare(judged, COURSE, replays)
    assert [standing.name for standing in found.standings] == ["chamnet", "forest", "random"]
    assert found.best_peer is not None and found.best_peer.name == "forest"
    assert [found.reached(standing) for standing in found.standings] == [None, 3, None]
    ours = found.standings[0]
    assert ours.curve[0].tolist() == [2, 2, 2, 2, 2, 2] and ours.final == 2
    assert ours.num_short == 2 and ours.num_failed == 0.5 and ours.at(1).mean == 2
    assert found.milestones == (6,) and found.seeds == 2
    assert compare(judged, COURSE, replays[:1]).best_peer is None
