"""The live page in a real browser: what the record gains is shown without loading again, and what is pinned stays."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from launch.session import RunFolder
from tests.launch.dashboard.test_server import NUM_TRIALS, add_trials, serving
from tests.launch.report.browsing import browser, window
from tests.waiting import until

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def running() -> Iterator[Any]:
    with browser() as found:
        yield found


def test_a_page_follows_its_run(running: Any, folder: RunFolder, tmp_path: Path) -> None:
    run = RunFolder(path=Path(shutil.copytree(folder.path, tmp_path / "run")))
    with serving(run.path) as dashboard, window(running, own=dashboard.url) as seen:
        seen.page.goto(dashboard.url)
        seen.page.wait_for_selector("#detail h4")
        seen.page.evaluate("window.isTheSame = true")

        def shows(condition: str) -> None:
            until(lambda: seen.page.evaluate(condition), what=condition)

        shows("document.querySelector('#predictor .charts svg') !== null")  # what takes long has come
        seen.page.click("#trials-table tbody tr:last-child button")  # a final, whose place moves as trials come in
        name = seen.texts("#trials-table tbody button")[-1]
        add_trials(run, range(NUM_TRIALS, NUM_TRIALS + 2))
        shows(f"document.querySelector('#trials-table').textContent.includes('search-{NUM_TRIALS + 1}')")
        shows(f"document.querySelector('tr.pinned th').textContent === '{name}'")
        shows("document.querySelector('#facts').textContent.includes('14 of 12 complete')")
        assert seen.page.evaluate("window.isTheSame")
        assert seen.complaints == []
