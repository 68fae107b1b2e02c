"""The page shows what the run holds, needs nothing but itself, and stays honest where there is little to show."""

import base64
import hashlib
import json
import re
from dataclasses import asdict
from html import unescape
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest

from launch.report.facts.facts import Facts, read_facts
from launch.report.page import render
from launch.report.sections.predictor import judged
from launch.session import FolderError, RunFolder
from launch.session.session import load_experiment, open_history, open_session
from launch.terminal import number
from nas.depth import CARD as DEPTH
from nas.search import Prediction

SVG_NAME = "http://www.w3.org/2000/svg"  # the name of a language, which no browser asks for
HOSTILE = "<script>alert('$x$')</script>"


class Page(HTMLParser):
    """What a browser would see: tags, references, scripts, and the text outside styles and scripts."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.references: list[str] = []
        self.ids: list[str] = []
        self.words: list[str] = []
        self.scripts: list[str] = []
        self.inside = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.inside = tag
        self.references += [value or "" for name, value in attrs if name in ("src", "href", "srcset", "data", "action")]
        self.ids += [value or "" for name, value in attrs if name == "id"]

    def handle_data(self, data: str) -> None:
        if self.inside == "script":
            self.scripts.append(data)
        elif self.inside != "style":
            self.words.append(data)

    def handle_endtag(self, tag: str) -> None:
        self.inside = ""

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", "".join(self.words))

    @property
    def data(self) -> Any:
        """What the page's script is given."""
        return json.loads(self.scripts[0])


@pytest.fixture(scope="module")
def known() -> dict[str, object]:
    """The predictor's section by all that it is made of: most tests here change something else."""
    return {}


@pytest.fixture(autouse=True)
def judged_once(monkeypatch: pytest.MonkeyPatch, known: dict[str, object]) -> None:
    def remembered(facts: Facts, prediction: Prediction | None) -> object:
        recorded = facts.winner["predictor"] if facts.winner else None
        key = repr((facts.search, facts.is_done, recorded))
        if key not in known:
            known[key] = judged(facts, prediction)
        return known[key]

    monkeypatch.setattr("launch.report.page.judged", remembered)


def page_of(folder: RunFolder) -> Page:
    return Page(render(read_facts(folder)))


def change_winner(folder: RunFolder, **values: Any) -> None:
    folder.write_json(folder.winner, {**folder.read_json(folder.winner), **values})


def test_every_figure_of_the_winner_is_shown(finished: RunFolder, html: str) -> None:
    record, text = finished.read_json(finished.winner), Page(html).text
    figures = [number(float(limit[key])) for limit in record["limits"] for key in ("bound", "predicted", "measured")]
    figures += [number(float(cost[key])) for cost in record["resources"].values() for key in ("predicted", "measured")]
    figures += [f"{value:.4f}" for final in record["finals"] for value in final["metrics"].values()]
    figures += [f"{value:.4f}" for metrics in record["baselines"].values() for value in metrics.values()]
    figures += [f"{record['predictor'][name]:.4f}" for name in ("kendall_tau", "spearman", "rmse", "top_k_regret")]
    figures += [f"{record['predictor'][f'coverage_{level}']:.0%}" for level in (50, 80, 95)]
    figures += [f"{record['objective'][name]:.4f}" for name in ("predicted", "predicted_std", "measured")]
    assert [figure for figure in figures if figure not in text] == []


def test_every_trial_is_given_and_failures_have_their_reason(html: str) -> None:
    page = Page(html)
    text, trials = page.text, page.data["trials"]
    tickets = [ticket for ticket, phase in zip(trials["ticket"], trials["phase"], strict=True) if not phase]
    assert tickets == list(range(12))
    assert "11 of 12 complete, 1 failed, 0 running" in text
    assert "RuntimeError: search-4 fails as it was told" in text


def test_the_verdict_names_winner_rivals_and_limits(finished: RunFolder, html: str) -> None:
    record, text = finished.read_json(finished.winner), Page(html).text
    assert f"{record['trial']}, " in text and f"won with error {record['metrics']['error']:.4f}" in text
    assert "nothing (1.0000)" in text and "baseline published" in text and "design median" in text
    assert "it meets both limits as measured" in text


def test_the_page_needs_nothing_beside_itself(finished: RunFolder, html: str) -> None:
    page = Page(html)
    files = {name for name in page.references if not name.startswith(("#", "data:image/png;base64,"))}
    assert files == {"winner.json", "winner.pt", "winner.py"} and all((finished.path / name).exists() for name in files)
    assert "http" not in html.replace("http-equiv", "").replace(SVG_NAME, "") and "@import" not in html
    assert not {"link", "iframe", "object", "base"}.intersection(page.tags)
    assert set(re.findall(r"url\((.)", html)) <= {"#"}


def test_the_policy_lets_the_page_s_own_script_run_and_no_other(html: str) -> None:
    (_, script), (policy,) = Page(html).scripts, re.findall(r'Content-Security-Policy" content="([^"]*)"', html)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in unescape(policy) and "default-src 'none'" in policy


def test_ids_are_unique_and_anchors_lead_somewhere(html: str) -> None:
    page = Page(html)
    assert len(set(page.ids)) == len(page.ids)
    assert {name[1:] for name in page.references if name.startswith("#")} <= set(page.ids)


def test_the_same_run_gives_the_same_page(finished: RunFolder, html: str) -> None:
    assert render(read_facts(finished)) == html


def test_a_search_ends_with_its_report(finished: RunFolder, html: str) -> None:
    assert finished.report.read_text() == html


def test_a_run_without_a_winner_is_reported(copied: RunFolder) -> None:
    copied.winner.unlink()
    text = page_of(copied).text
    assert "There is no winner yet: 11 of 12 search trials are complete. The best error so far is 0." in text
    assert "stopped before its end; the same command continues it" in text
    assert "Kendall tau" in text and "Architecture" not in text


def test_a_run_that_someone_drives_says_who(copied: RunFolder) -> None:
    copied.winner.unlink()
    with copied.hold():
        assert "running, driven by process" in page_of(copied).text


def test_a_run_before_its_first_result_is_reported(copied: RunFolder) -> None:
    copied.winner.unlink()
    copied.journal.unlink()
    copied.forget_known()
    settings = copied.settings()
    open_history(copied, settings, load_experiment(settings["experiment"]), create=True)
    text = page_of(copied).text
    assert "0 of 12 search trials are complete. No search trial is complete yet." in text
    assert "too few complete trials to judge a predictor" in text


def test_an_extended_run_says_that_its_winner_is_of_the_shorter_one(copied: RunFolder) -> None:
    change_winner(copied, num_trials=8)
    text = page_of(copied).text
    assert "The winner is that of the first 8 search trials. The run has been extended to 12 since" in text


def test_a_violated_limit_is_not_passed_over(copied: RunFolder) -> None:
    limits = copied.read_json(copied.winner)["limits"]
    change_winner(copied, limits=[{**limits[0], "measured": 2 * limits[0]["bound"], "holds": False}, limits[1]])
    html = render(read_facts(copied))
    assert 'class="verdict bad"' in html and "200.0%" in html
    assert f"as measured, it VIOLATES {limits[0]['text']}".replace("<", "&lt;") in html


def test_a_limit_that_no_device_measures_is_judged_by_its_count(copied: RunFolder) -> None:
    resources = copied.read_json(copied.winner)["resources"]
    change_winner(copied, resources={**resources, "macs": {**resources["macs"], "measured": None}})
    text = page_of(copied).text
    assert f"{number(float(resources['macs']['predicted']))} (counted)" in text


def test_a_winner_that_loses_to_a_baseline_says_so(copied: RunFolder) -> None:
    change_winner(copied, baselines={"a guess": {"error": 0.1}})
    html = render(read_facts(copied))
    assert 'class="verdict bad"' in html and "NOT lower than a guess (0.1000)" in html


def test_a_winner_out_of_the_design_says_so(copied: RunFolder) -> None:
    best = read_facts(copied).yardsticks()["design best"]
    change_winner(copied, architecture=list(best))
    assert "The winner is itself the design best" in page_of(copied).text


def test_held_out_metrics_have_a_table_of_their_own(copied: RunFolder) -> None:
    record = copied.read_json(copied.winner)
    tested = {**record["metrics"], "test_error": 0.5125}
    finals = [{**final, "metrics": {**final["metrics"], "test_error": 0.5125}} for final in record["finals"]]
    change_winner(copied, metrics=tested, finals=finals)
    text = page_of(copied).text
    assert "won with error 0.5125 on held-out test data" in text
    assert "Test data, used by nothing but reports" in text and "Validation data, by which the search chose" in text


def test_the_predictor_is_shown_from_every_side(html: str) -> None:
    text = Page(html).text
    assert "Share of 11 held-out trials inside their intervals, and of 1 trial predicted before" in text
    assert "1 trial came after the first 10: too few" in text and "2 steps in figures" in text
    assert "The largest shares of its variance: " in text and "6 choices in figures" in text
    assert "Left out: 1 failed trial, which measured nothing." in text


def test_what_is_not_known_is_shown_as_a_dash(copied: RunFolder) -> None:
    record = copied.read_json(copied.winner)
    change_winner(
        copied, predictor={**record["predictor"], "num_points": 0, "rmse": float("nan"), "coverage_50": float("nan")}
    )
    text = page_of(copied).text
    assert "nan" not in text and "Its intervals could not be checked" in text


def test_hostile_names_stay_text(copied: RunFolder) -> None:
    record = copied.read_json(copied.winner)
    limits = [{**limit, "text": HOSTILE, "unit": HOSTILE} for limit in record["limits"]]
    change_winner(copied, baselines={HOSTILE: {"error": 1.0}}, limits=limits, data={HOSTILE: HOSTILE})
    content = (
        copied.journal.read_text().replace('"random"', json.dumps(HOSTILE)).replace('"genetic"', json.dumps(HOSTILE))
    )
    copied.journal.write_text(content.replace("fails as it was told", HOSTILE))
    page = page_of(copied)
    assert page.tags.count("script") == 2 and page.text.count(HOSTILE) > 6
    assert HOSTILE in page.data["texts"] and any(f"search-4 {HOSTILE}" in text for text in page.data["texts"])


def test_an_unknown_winner_format_is_refused(copied: RunFolder) -> None:
    change_winner(copied, format=99)
    with pytest.raises(FolderError, match="has format 99, this version reads 1; report with the version that wrote it"):
        read_facts(copied)


def test_a_run_without_its_latency_table_is_too_young(copied: RunFolder) -> None:
    copied.latency_table("fake").unlink()
    with pytest.raises(
        FolderError, match=r"needs the run's latency table, .*latency_fake\.json is not there yet; wait"
    ):
        read_facts(copied)


def test_pictures_of_an_earlier_depth_run_are_shown(copied: RunFolder) -> None:
    session = open_session(copied)
    session.history.annotate("task", asdict(DEPTH))
    path = copied.artifacts / f"{copied.read_json(copied.winner)['trial']}.npz"
    depth = np.linspace(1, 9, 2 * 8 * 8, dtype=np.float32).reshape(2, 8, 8)
    np.savez(path, rgb=np.zeros((2, 8, 8, 3), np.uint8), depth=depth, log_disparity=-np.log(depth))
    page = page_of(copied)
    assert sum(name.startswith("data:image/png") for name in page.references) == 6
    assert page.text.count("delta1 1.000, abs_rel 0.000") == 2
    path.write_bytes(b"not an archive")
    assert f"{path.name} cannot be shown" in page_of(copied).text
