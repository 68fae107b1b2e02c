"""`nas search --objective`: a resource under a limit on the metric, another metric, and what is refused."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from launch.cli import nas
from launch.session import RunFolder
from launch.session.session import open_session
from tests.experiments import tiny

TINY = str(Path(tiny.__file__))
BAR = "error <= 1.1 * baseline"


def asked(*arguments: str) -> int:
    """Exit status of the command."""
    with pytest.raises(SystemExit) as ended:
        nas.main(args=list(arguments), standalone_mode=False)
    assert isinstance(ended.value.code, int)
    return ended.value.code


def searched(run: Path, *options: str) -> int:
    return asked(
        "search", TINY, "--out", str(run), "--cache", str(run.parent / "cache"), "--executor", "serial", *options
    )


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    run = tmp_path_factory.mktemp("objective") / "run"
    assert searched(run, "--objective", "macs", "--limit", BAR, "--trials", "12") == 0
    yield run


def test_the_winner_is_the_cheapest_final_that_is_good_enough(finished: Path) -> None:
    winner: dict[str, Any] = RunFolder(path=finished).read_json(finished / "winner.json")
    finals = winner["finals"]
    baseline = next(final for final in finals if "baseline" in final["origin"])
    bound = 1.1 * baseline["metrics"]["error"]
    good = [final for final in finals if final["metrics"]["error"] <= bound]
    assert all(final["meets_limits"] == (final in good) for final in finals)
    cheapest = min(good, key=lambda final: final["measured"]["macs"])
    assert winner["trial"] == cheapest["trial"]
    found = winner["minimised"]
    assert (found["name"], found["unit"], found["value"]) == ("macs", "MACs", cheapest["measured"]["macs"])
    assert found["value"] < found["baseline"] == baseline["measured"]["macs"]
    (limit,) = winner["limits"]
    assert (limit["resource"], limit["bound"], limit["holds"]) == ("error", pytest.approx(bound), True)
    assert limit["measured"] == winner["metrics"]["error"] == winner["objective"]["measured"]


def test_it_is_told_as_what_it_is(finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert searched(finished, "--trials", "12") == 0  # what the command leaves open is the run's
    told = capsys.readouterr()
    assert "is done; more --trials extend it" in told.err
    share = RunFolder(path=finished).read_json(finished / "winner.json")["minimised"]
    beside = share["value"] / share["baseline"]
    assert f"least macs found: {share['value']:,.0f} MACs, {beside:.2f} of the baseline's" in told.out
    assert BAR in told.out
    page = RunFolder(path=finished).report.read_text()
    assert "won with the least macs" in page and f"{beside:.2f} of the baseline" in page
    assert "<dt>minimised</dt><dd>macs</dd>" in page and f"<dt>limits</dt><dd>{BAR.replace('<', '&lt;')}</dd>" in page
    assert f"--objective macs --limit &#39;{BAR.replace('<', '&lt;')}&#39;" in page


@pytest.mark.slow
def test_what_the_goal_compares_with_is_trained_although_it_breaks_a_limit_on_cost(tmp_path: Path) -> None:
    run = tmp_path / "run"
    limits = ("--limit", BAR, "--limit", "macs <= 0.6 * baseline")
    assert searched(run, "--objective", "macs", "--trials", "8", *limits) in (0, 1)
    first, *others = open_session(RunFolder(path=run)).trials("search")
    baseline = tiny.SPACE.reference("published")
    assert (first.architecture, first.origin) == (baseline, "baseline published")
    assert all(trial.architecture != baseline for trial in others)
    found = RunFolder(path=run).read_json(run / "winner.json")["minimised"]
    assert found["value"] <= 0.6 * found["baseline"]


def test_a_finished_run_is_searched_again_under_its_goal_or_another_bar(
    finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def best(*options: str) -> tuple[float, float]:
        assert asked("select", str(finished), "--json", *options) == 0
        first = json.loads(capsys.readouterr().out)["candidates"][0]
        return first["resources"]["macs"]["predicted"], first["error"]["predicted"]

    own, loose, tight = best(), best("--limit", "error <= 0.6"), best("--limit", "error <= 0.4")
    assert loose[0] < own[0] < tight[0] and tight[1] < own[1] < loose[1]
    assert best("--limit", "error <= 0.6", "--limit", "macs <= 300k")[0] <= 300e3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--objective", "params", "--limit", BAR), "was started with minimise = 'macs', now it is 'params'"),
        (("--objective", "error"), "was started with"),
        (
            (
                "--limit",
                "error <= 0.5",
            ),
            "was started with quality = 'error <= 1.1 * baseline'",
        ),
    ],
)
def test_a_run_keeps_its_goal(
    finished: Path, options: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert searched(finished, "--trials", "13", *options) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--objective", "macs"), "minimising macs alone gives the smallest network there is; say how good it must be"),
        (("--objective", "macs", "--limit", BAR, "--strategy", "evolution"), "to minimise macs takes a strategy that"),
        (("--objective", "macs", "--limit", "eror <= 1"), "'eror', which is no known resource; did you mean 'error'?"),
        (("--objective", "latency_ms.nothere", "--limit", BAR), "must be a resource of the experiment"),
        (("--objective", "macs", "--limit", "error >= 0.1"), "it can be limited from above only; use <="),
    ],
)
def test_a_goal_that_cannot_be_reached_is_refused_before_anything_is_made(
    tmp_path: Path, options: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert searched(tmp_path / "run", *options) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "run" / "experiment.json").exists()


@pytest.mark.slow
def test_a_limit_on_the_objective_that_is_minimised_is_verified(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing in the space is so good: the search ends with the nearest, and says so by its exit status."""
    assert searched(tmp_path / "run", "--limit", "error <= 0.01", "--trials", "8") == 1
    limit = RunFolder(path=tmp_path / "run").read_json(tmp_path / "run" / "winner.json")["limits"][-1]
    assert (limit["bound"], limit["holds"]) == (0.01, False)
    assert "error <= 0.01" in capsys.readouterr().out


def test_a_metric_that_the_evaluator_does_not_give_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert searched(tmp_path / "run", "--objective", "eror", "--trials", "8") == 2
    assert "the evaluator gave no 'eror'; it gave: error" in capsys.readouterr().err
