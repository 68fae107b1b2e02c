"""`nas front` and `nas report`: what they print and what they write."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from launch.report.facts.facts import read_facts
from launch.session import RunFolder
from launch.verbs import front, report


def run_front(folder: RunFolder, *, x: str = "macs", y: str = "error", as_json: bool = False, **others: Any) -> int:
    return front.run(run=folder.path, x=x, y=y, as_json=as_json, **{"html": None, "png": None, **others})


def test_nothing_trained_dominates_the_front(finished: RunFolder, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_front(finished, as_json=True) == 0
    points = [(point["x"], point["y"]) for point in json.loads(capsys.readouterr().out)["front"]]
    assert points == sorted(points)
    assert [y for _, y in points] == sorted((y for _, y in points), reverse=True)


def test_front_writes_a_page_and_a_picture(
    finished: RunFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    html, png = tmp_path / "front.html", tmp_path / "front.png"
    assert run_front(finished, x="latency_ms.fake", html=html, png=png) == 0
    table = capsys.readouterr().out.splitlines()
    page = html.read_text()
    assert all(line.split()[0] in page for line in table[1:])
    assert "<svg" in page and "http" not in page.replace("http-equiv", "")
    assert png.read_bytes().startswith(b"\x89PNG")


def test_predicted_ones_keep_the_limits_were_not_trained_and_are_told_apart(
    finished: RunFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    html, table = tmp_path / "front.html", tmp_path / "front.csv"
    assert run_front(finished, predicted=4, colour="params", html=html, csv=table, as_json=True) == 0
    found = json.loads(capsys.readouterr().out)["predicted"]
    facts = read_facts(finished)
    trained = {trial.architecture for trial in facts.complete}
    assert 1 < len(found) <= 4 and [one["x"] for one in found] == sorted(one["x"] for one in found)
    assert [one["predicted"] for one in found] == sorted((one["predicted"] for one in found), reverse=True)
    for one in found:
        costs = facts.pricing.costs(tuple(one["architecture"]))
        assert tuple(one["architecture"]) not in trained and one["x"] == costs["macs"]
        assert all(costs[limit.resource] <= limit.bound for limit in facts.limits)
    assert f"Hollow diamonds: {len(found)} architectures" in html.read_text() and "params" in html.read_text()
    rows = list(csv.DictReader(table.read_text().splitlines()))
    assert [row["kind"] for row in rows] == ["measured"] * len(facts.complete) + ["predicted"] * len(found)
    assert sum(int(row["on_front"] or 0) for row in rows) > 1 and rows[-1]["predicted_std"]
    assert float(rows[-1]["resource.macs"]) == found[-1]["x"]


def test_limits_references_and_hypervolume_are_on_the_page(finished: RunFolder, tmp_path: Path) -> None:
    html = tmp_path / "front.html"
    assert run_front(finished, html=html) == 0
    text = html.read_text()
    assert "Hypervolume " in text and ">published<" in text and ">limit<" in text and ">final<" in text


@pytest.mark.parametrize(
    ("axes", "said"),
    [({"y": "params"}, "the predictor knows error alone"), ({"x": "error"}, "what is predicted goes along a resource")],
)
def test_what_cannot_be_predicted_is_refused(finished: RunFolder, axes: dict[str, str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        run_front(finished, predicted=2, **axes)


def test_an_unknown_axis_lists_the_known(finished: RunFolder) -> None:
    with pytest.raises(ValueError, match=r"got 'mcas'; known: error, macs, params, latency_ms.fake"):
        run_front(finished, x="mcas")


@pytest.mark.slow
def test_report_writes_the_page_and_prints_its_path(copied: RunFolder, capsys: pytest.CaptureFixture[str]) -> None:
    copied.report.unlink()
    assert report.run(run=copied.path, as_json=False) == 0
    assert capsys.readouterr().out.strip() == str(copied.report) and copied.report.exists()
    assert report.run(run=copied.path, as_json=True) == 0
    assert json.loads(capsys.readouterr().out)["report"] == str(copied.report)
