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


@pytest.mark.slow
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
        (("--objective", "acc:high"), "acc goes with :min or :max, got ':high'; write acc:min or acc:max"),
        (("--objective", "acc", "--limit", "late <= 4 ms"), "'late' does not say its unit, so its amount cannot be in"),
        (("--objective", "acc", "--unit", "late"), "a unit is COLUMN=UNIT, such as latency=ms"),
        (("--objective", "acc", "--unit", "lat=ms"), "the table has no column 'lat'; known: acc, params, late, test"),
        (("--objective", "acc", "--numeric", "x_z"), "t.csv has no decision 'x_z'; known: x_a, x_b, x_c"),
        (("--objective", "acc", "--numeric", "x_b"), "decision 'x_b' is said to hold numbers, got 'b0'"),
        (
            ("--objective", "acc", "--objective", "params:min", "--judge", "test"),
            "a judge looks at the best of one obj",
        ),
    ],
)
def test_bad_use_is_one_sentence(table: Path, options: tuple[str, ...], message: str) -> None:
    done = bench(table, *options)
    assert done.exit_code == 2 and done.stdout == ""
    assert message in done.stderr and len(done.stderr.splitlines()) == 1


def test_a_missing_table_is_one_sentence(tmp_path: Path) -> None:
    done = bench(tmp_path / "none.csv", "--objective", "acc")
    assert done.exit_code == 2 and done.stderr.startswith("error: cannot read")


@pytest.mark.parametrize("option", ["--out", "--png"])
def test_no_output_goes_onto_the_table(table: Path, option: str) -> None:
    before = table.read_bytes()
    done = bench(table, "--objective", "acc", option, str(table.parent / "." / "t.csv"), *QUICK)
    assert done.exit_code == 2 and done.stdout == "" and len(done.stderr.splitlines()) == 1
    assert f"{option} must not be what is read as TABLE" in done.stderr and table.read_bytes() == before


def test_no_output_goes_onto_an_own_file_or_another_table(table: Path, tmp_path: Path) -> None:
    mine, other = tmp_path / "mine.py", write(tmp_path / "other.csv")
    mine.write_text("from predictors.ridge import PREDICTOR as PREDICTOR\n")
    before = other.read_bytes()
    done = bench(table, "--objective", "acc", "--predictor", str(mine), "--out", str(mine), *QUICK)
    assert done.exit_code == 2 and "--out must not be what is read as --predictor" in done.stderr
    done = bench(table, "--objective", "acc", "--out", str(other), *QUICK)
    assert done.exit_code == 2 and "other.csv holds no replays, it begins with 'x_a,x_b,x_c,acc" in done.stderr
    assert other.read_bytes() == before and mine.read_text().startswith("from predictors.ridge")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "direction", "told"),
    [
        (
            ("--judge", "test"),
            "max",
            "the judge test is taken for max, as its rank correlation with loss (min) is -1.00",
        ),
        (("--judge", "test:minimise"), "min", None),
        (
            ("--judge", "test_loss"),
            "min",
            "test_loss is taken for min, as its rank correlation with loss (min) is +1.00",
        ),
        (("--judge", "other"), "max", "the judge other is taken for max, as nothing else is said; --judge other:min"),
    ],
)
def test_the_judge_has_a_direction_of_its_own(
    tmp_path: Path, options: tuple[str, ...], direction: str, told: str | None
) -> None:
    path = tmp_path / "t.csv"
    rows = [f"{a},{b},{4 * a + b},{99 - 4 * a - b},{3 * (4 * a + b)},{(a + b) % 2}" for a in range(4) for b in range(4)]
    path.write_text("\n".join(["x_a,x_b,loss,test,test_loss,other", *rows]))
    record = json.loads(bench(path, "--objective", "loss", "--minimise", *options, "--json", *QUICK).stdout)
    assert record["judge"]["direction"] == direction
    notes = [note for note in record["notes"] if note.startswith("the judge")]
    assert (told in notes[0]) if told else not notes
    shown = bench(path, "--objective", "loss", "--minimise", *options, *QUICK)
    assert f"{options[1].partition(':')[0]} ({direction}) regret (floor" in shown.stdout


def test_a_table_of_semicolons_and_said_units_is_replayed(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    rows = [f"{w};{d};{w * d};{w / d}" for w in (8, 16, 32, 64) for d in (1, 2, 3)]
    path.write_text("\n".join(["x_w:number;x_d;acc;lat", *rows]))
    options = ("--limit", "lat <= 0.032 s", "--unit", "lat=ms", "--numeric", "x_*")
    done = bench(path, "--objective", "acc:maximise", *options, "--json", *QUICK, "--trials", "4")
    record = json.loads(done.stdout)
    assert record["coding"] == {"structure": None, "numbers": ["x_w", "x_d"], "candidates": ["names"]}
    assert record["table"]["allowed"] == 11 and "cells are separated by semicolons" in record["notes"]


def test_a_structure_is_told_and_an_unknown_one_lists_the_known(table: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.py"
    own.write_text(
        "class Own:\n"
        "    decisions = ('x_a', 'x_c')\n"
        "    def features(self, options):\n"
        "        return (options['x_a'] - options['x_c'])[:, None]\n"
        "STRUCTURE = Own()\n"
    )
    done = bench(table, "--objective", "acc", "--structure", str(own), "--json", *QUICK)
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["coding"] == {
        "structure": str(own), "numbers": [],
        "candidates": ["structure", "structure and names", "structure and numbers"],
    }  # fmt: skip
    assert (
        f"predictor gp, structure {own}\n" in bench(table, "--objective", "acc", "--structure", str(own), *QUICK).stdout
    )
    refused = bench(table, "--objective", "acc", "--structure", "nasbench2", *QUICK)
    assert refused.exit_code == 2 and "unknown structure 'nasbench2' (did you mean 'nasbench201'?)" in refused.output
