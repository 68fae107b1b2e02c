"""`nas front` and `nas report`: what they print and what they write."""

import json
from pathlib import Path

import pytest

from launch.session import RunFolder
from launch.verbs import front, report


def run_front(
    folder: RunFolder, *, x: str = "macs", html: Path | None = None, png: Path | None = None, as_json: bool = False
) -> int:
    return front.run(run=folder.path, x=x, y="error", html=html, png=png, as_json=as_json)


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


def test_an_unknown_axis_lists_the_known(finished: RunFolder) -> None:
    with pytest.raises(ValueError, match=r"got 'mcas'; known: error, macs, params, latency_ms.fake"):
        run_front(finished, x="mcas")


def test_report_writes_the_page_and_prints_its_path(copied: RunFolder, capsys: pytest.CaptureFixture[str]) -> None:
    copied.report.unlink()
    assert report.run(run=copied.path, as_json=False) == 0
    assert capsys.readouterr().out.strip() == str(copied.report) and copied.report.exists()
    assert report.run(run=copied.path, as_json=True) == 0
    assert json.loads(capsys.readouterr().out)["report"] == str(copied.report)
