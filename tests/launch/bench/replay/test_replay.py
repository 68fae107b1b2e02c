"""Replays: every strategy keeps the rules on every kind of table, and random does what theory says."""

import itertools
import math
from pathlib import Path

import numpy as np
import pytest

from launch.bench.comparison import loss_curve
from launch.bench.question import Arena, Question
from launch.bench.replay.entrants import check, defaults, is_peer, make
from launch.bench.replay.replay import Course, replay
from launch.extensions.checked_parts import PartError
from nas.plugins import PluginError
from predictors import ridge
from tests.launch.bench.tables import ACC, PARAMS, arena, write

ONE = ("random", "evolution", "forest", "optuna_tpe", "optuna_nsga2", "pymoo_ga", "chamnet")
SEVERAL = ("random", "optuna_tpe", "optuna_nsga2", "pymoo_nsga2")
RULES = """
class Mine:
    def __init__(self, task):
        self.task = task

    def propose(self, done, pending, rng):
        from nas.record import Proposal
        return Proposal(architecture={architecture}, origin="mine")

STRATEGY = Mine
"""


def course(num_trials: int, *, workers: int = 1, lag: int = 0) -> Course:
    return Course(num_trials=num_trials, workers=workers, lag=lag, predictor="ridge")


def holey(path: Path, *objectives: str) -> Arena:
    """A table with holes, a limit and failures."""
    question = Question(objectives=(ACC, PARAMS)[: max(1, len(objectives))], limits=("late <= 3",))
    return arena(
        write(path, keep=lambda a, b, c: a + b + c != 4, value=lambda a, b, c: "" if b == c == 1 else a - c), question
    )


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Arena:
    return arena(write(tmp_path_factory.mktemp("full") / "t.csv"))


@pytest.mark.parametrize("strategy", ONE)
@pytest.mark.parametrize("workers", [1, 5])
def test_the_whole_of_a_table_with_holes_is_trained_once(tmp_path: Path, strategy: str, workers: int) -> None:
    holes = holey(tmp_path / "t.csv")
    num_allowed = int(holes.allowed.sum())
    found = replay(holes, course(num_allowed, workers=workers), strategy, seed=3)
    assert sorted(found.places) == np.flatnonzero(holes.allowed).tolist()
    assert list(found.ended_s) == sorted(found.ended_s) and found.proposal_ms > 0


@pytest.mark.parametrize("strategy", SEVERAL)
def test_several_objectives_too(tmp_path: Path, strategy: str) -> None:
    holes = holey(tmp_path / "t.csv", "acc", "params")
    found = replay(holes, course(20, workers=2), strategy, seed=0)
    assert len(set(found.places)) == 20 and holes.allowed[list(found.places)].all()


@pytest.mark.slow
@pytest.mark.parametrize("objectives", [("acc",), ("acc", "params")])
def test_the_slow_peer_goes_beyond_its_random_start_too(tmp_path: Path, objectives: tuple[str, ...]) -> None:
    holes = holey(tmp_path / "t.csv", *objectives)
    found = replay(holes, course(12, workers=2), "optuna_gp", seed=0)
    assert len(set(found.places)) == 12 and holes.allowed[list(found.places)].all()


@pytest.mark.parametrize("strategy", ONE)
def test_a_seed_gives_the_same_trainings_again(full: Arena, strategy: str) -> None:
    first, again, other = (replay(full, course(26, workers=3, lag=2), strategy, seed).places for seed in (1, 1, 2))
    assert first == again != other


@pytest.mark.slow
def test_random_s_expected_regret_is_that_of_draws_without_replacement(full: Arena) -> None:
    values, num_seeds, num_trials = np.sort(full.values[:, 0]), 50, 12
    curves = np.stack(
        [loss_curve(full, replay(full, course(num_trials), "random", s), num_trials) for s in range(num_seeds)]
    )
    for n in (1, 4, 12):
        chance = [math.comb(len(values) - 1 - i, n - 1) / math.comb(len(values), n) for i in range(len(values))]
        expected = float(np.dot(chance, values - values[0]))
        error = curves[:, n - 1].std(ddof=1) / math.sqrt(num_seeds)
        assert abs(curves[:, n - 1].mean() - expected) < 4 * error


def test_one_worker_is_strictly_sequential_and_times_add_up(tmp_path: Path) -> None:
    timed = arena(write(tmp_path / "t.csv"), Question(objectives=(ACC,), duration="late"))
    found = replay(timed, course(10), "random", 0)
    late = 1.0 + timed.rows[list(found.places), 0]
    np.testing.assert_allclose(found.ended_s, np.cumsum(late))
    parallel = replay(timed, course(10, workers=10), "random", 0)
    np.testing.assert_allclose(parallel.ended_s, np.sort(1.0 + timed.rows[list(parallel.places), 0]))


@pytest.mark.slow
@pytest.mark.parametrize("strategy", ["evolution", "forest", "optuna_tpe", "optuna_nsga2", "pymoo_ga"])
def test_a_peer_beats_random_draws(tmp_path: Path, strategy: str) -> None:
    """On 1,024 architectures whose decisions add up."""
    rows = (
        f"{','.join(map(str, row))},{np.dot(row, [5, 4, 3, 2, 1])}" for row in itertools.product(range(4), repeat=5)
    )
    (tmp_path / "t.csv").write_text("\n".join(["x_a,x_b,x_c,x_d,x_e,acc", *rows]))
    additive, seeds = arena(tmp_path / "t.csv"), range(3)
    left = {
        name: np.mean([loss_curve(additive, replay(additive, course(60), name, seed), 60)[-1] for seed in seeds])
        for name in (strategy, "random")
    }
    assert left[strategy] < left["random"]


@pytest.mark.parametrize("strategy", ["evolution", "optuna_tpe", "optuna_nsga2", "pymoo_ga"])
def test_a_table_of_few_of_very_many_combinations_is_replayed_too(tmp_path: Path, strategy: str) -> None:
    rows = np.random.default_rng(0).integers(0, 5, (60, 12))
    lines = [f"{','.join(map(str, row))},{sum(row)}" for row in rows.tolist()]
    (tmp_path / "t.csv").write_text("\n".join([",".join([*(f"x_{i}" for i in range(12)), "acc"]), *lines]))
    sparse = arena(tmp_path / "t.csv")
    assert len(set(replay(sparse, course(40), strategy, 0).places)) == 40


@pytest.mark.parametrize("strategy", ["evolution", "forest", "pymoo_ga"])
def test_several_objectives_are_refused_by_strategies_for_one(tmp_path: Path, strategy: str) -> None:
    task = holey(tmp_path / "t.csv", "acc", "params").task(ridge.PREDICTOR, np.random.default_rng(0))
    with pytest.raises(PartError, match=f"strategy {strategy}: this strategy minimises one objective, got acc, params"):
        check([strategy], task)


def test_pymoo_s_nsga2_refuses_one_objective(full: Arena) -> None:
    with pytest.raises(PartError, match="pymoo_nsga2 is for several objectives, got acc alone; take pymoo_ga"):
        check(["pymoo_nsga2"], full.task(ridge.PREDICTOR, np.random.default_rng(0)))


def test_unknown_strategies_list_the_known_and_the_peers(full: Arena) -> None:
    with pytest.raises(
        PluginError, match=r"unknown strategy 'forst'.*known: asha, chamnet, .*; peers: forest, optuna_tpe"
    ):
        make("forst", full.task(ridge.PREDICTOR, np.random.default_rng(0)))
    with pytest.raises(ValueError, match="at least one strategy, got none"):
        check([], full.task(ridge.PREDICTOR, np.random.default_rng(0)))


def test_pymoo_is_an_extra(full: Arena, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("launch.bench.replay.entrants.has_pymoo", lambda: False)
    with pytest.raises(
        PluginError, match=r"pymoo_ga needs pymoo, which is not installed; pip install 'chamnas\[peers\]'"
    ):
        make("pymoo_ga", full.task(ridge.PREDICTOR, np.random.default_rng(0)))
    assert not [name for name in (*defaults(1), *defaults(2)) if name.startswith("pymoo")]


def test_the_usual_strategies_are_quick_and_known() -> None:
    assert set(ONE) == set(defaults(1))
    assert {"optuna_nsga2", "pymoo_nsga2"} < set(defaults(2))
    assert is_peer("evolution") and is_peer("forest") and not is_peer("chamnet") and not is_peer("mine.py")


@pytest.mark.parametrize(
    ("architecture", "message"),
    [
        ("(0, 0, 0)", r"strategy .*mine\.py: \(0, 0, 0\) was proposed twice"),
        ("(3, 2, 9)", r"\(3, 2, 9\) does not exist or breaks a limit; propose what `task\.problem` calls feasible"),
        ("self.nothing", "AttributeError: 'Mine' object has no attribute 'nothing'"),
    ],
)
def test_a_strategy_of_the_user_s_is_held_to_the_rules(
    full: Arena, tmp_path: Path, architecture: str, message: str
) -> None:
    file = tmp_path / "mine.py"
    file.write_text(RULES.format(architecture=architecture))
    with pytest.raises(PartError, match=message):
        replay(full, course(5), str(file), 0)
