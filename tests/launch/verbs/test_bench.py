"""`nas bench` as it is typed: table, JSON, picture, notes, and errors of one sentence."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from launch.cli import nas
from tests.launch.bench.tables import accuracy, write

QUICK = ("--strategies", "random,evolution", "--trials", "12", "--seeds", "2", "--jobs", "1")


def bench(path: Path, *options: str) -> Result:
    return CliRunner().invoke(nas, ["bench", str(path), *options])


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return write(tmp_path / "t.csv")


def test_json_holds_everything(table: Path, tmp_path: Path) -> None:
    store = tmp_path / "runs.jsonl"
    done = bench(
        table, "--objective", "acc", "--judge", "test", "--limit", "late <= 3", "--json", "--out", str(store), *QUICK
    )
    assert done.exit_code == 0, done.output
    record = json.loads(done.stdout)
    assert record["table"]["architectures"] == 36 and record["table"]["allowed"] == 27
    assert record["table"]["decisions"] == {"x_a": 4, "x_b": 3, "x_c": 3}
    assert record["objectives"] == [{"column": "acc", "direction": "max"}] and record["measure"] == "regret"
    assert record["best"] == {"value": pytest.approx(accuracy(2, 2, 0)), "decisions": {"x_a": 2, "x_b": "b2", "x_c": 0}}
    assert record["judge"]["floor"] == pytest.approx(accuracy(2, 2, 0) - accuracy(2, 2, 2))
    assert (record["trials"], record["seeds"], record["workers"], record["lag"]) == (12, 2, 1, 0)
    assert list(record["strategies"]) == ["random", "evolution"] and record["best_peer"] in record["strategies"]
    for found in record["strategies"].values():
        for name in ("mean", "low", "high"):
            assert len(found["curve"][name]) == len(found["judge_curve"][name]) == 12
            assert found["at"]["12"][name] == found["curve"][name][-1]
        assert found["curve"]["mean"] == sorted(found["curve"]["mean"], reverse=True)
        assert found["seeds"] == 2 and found["proposal_ms"] > 0 and found["rank"]["mean"] >= 1
    assert "27 of 36 architectures meet the limits; the others do not exist here" in record["notes"]
    assert len(store.read_text().splitlines()) == 4
    again = bench(
        table, "--objective", "acc", "--judge", "test", "--limit", "late <= 3", "--json", "--out", str(store), *QUICK
    )
    assert json.loads(again.stdout) == record and len(store.read_text().splitlines()) == 4


def test_text_has_a_row_for_each_strategy_and_notes_go_to_stderr(table: Path, tmp_path: Path) -> None:
    picture = tmp_path / "curves.png"
    done = bench(
        table, "--objective", "acc:max", "--png", str(picture), "--statistics", "none", *QUICK, "--trials", "30"
    )
    assert done.exit_code == 0, done.output
    title, _, header, *rows = done.stdout.splitlines()
    assert title.startswith("t.csv: regret of acc (max) after so many trained architectures of 36, mean and 95 %")
    assert "25 trained" in header and "30 trained" in header and "ms/proposal" in header
    assert [row.split()[0] for row in rows] == ["random", "evolution"]
    assert "replays: 4/4" in done.stderr
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_several_objectives_are_told_as_hypervolume(table: Path, tmp_path: Path) -> None:
    picture = tmp_path / "curves.png"
    options = (
        "--objective",
        "acc",
        "--objective",
        "params:min",
        "--strategies",
        "random",
        "--trials",
        "99",
        "--seeds",
        "1",
    )
    done = bench(table, *options, "--json", "--png", str(picture), "--jobs", "1")
    record = json.loads(done.stdout)
    assert record["measure"] == "hypervolume" and set(record["reference"]) == {"acc", "params"}
    found = record["strategies"]["random"]
    assert found["rank"] is None and found["curve"]["mean"] == sorted(found["curve"]["mean"])
    assert (
        record["trials"] == 36 and found["at"]["36"]["mean"] == pytest.approx(1) and found["front_share"]["mean"] == 1
    )
    assert "99 trials were asked for, but 36 architectures exist: the budget is cut to that" in record["notes"]
    assert picture.read_bytes().startswith(b"\x89PNG")
    shown = bench(table, *options, "--jobs", "1").stdout
    assert "share of the true front's hypervolume of acc (max), params (min)" in shown and "front found" in shown


def test_failures_and_a_constant_objective_are_survived(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", value=lambda a, b, c: "nan" if a < 2 else 5.0)
    done = bench(path, "--objective", "acc", "--minimise", *QUICK, "--trials", "36", "--json")
    record = json.loads(done.stdout)
    assert record["objectives"][0]["direction"] == "min"
    assert all(found["failed_trainings"] == 18 for found in record["strategies"].values())
    assert all(found["curve"]["mean"] == [0.0] * 36 for found in record["strategies"].values())
    assert "random: 18.0 trainings failed per seed; each counts as one of the budget" in record["notes"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--objective", "auc"), "has no column 'auc'; known: acc, params, late, test"),
        (("--objective", "x_a"), "'x_a' is a decision, not a result"),
        (("--objective", "acc", "--limit", "params <= 1"), "params goes from 100 to 136; loosen it"),
        (
            ("--objective", "acc", "--strategies", "oracle"),
            "unknown strategy 'oracle'; known: asha, chamnet, evolution, ",
        ),
        (("--objective", "acc", "--strategies", ","), "at least one strategy, got none"),
        (("--objective", "acc", "--predictor", "oracle"), "unknown predictor 'oracle'"),
        (
            ("--objective", "acc", "--objective", "params", "--strategies", "forest"),
            "minimises one objective, got acc, params",
        ),
        (("--objective", "acc", "--judge", "auc"), "has no column 'auc'"),
        (("--objective", "acc", "--duration", "x_a"), "'x_a' is a decision"),
    ],
)
def test_bad_use_is_one_sentence(table: Path, options: tuple[str, ...], message: str) -> None:
    done = bench(table, *options)
    assert done.exit_code == 2 and done.stdout == ""
    assert message in done.stderr and len(done.stderr.splitlines()) == 1


def test_a_missing_table_is_one_sentence(tmp_path: Path) -> None:
    done = bench(tmp_path / "none.csv", "--objective", "acc")
    assert done.exit_code == 2 and done.stderr.startswith("error: cannot read")
