"""Makes the README's pictures of a run's page, as a browser shows it, from a finished run.

.venv/bin/python -m docs.page_pictures runs/demo
"""

import sys
import tempfile
from pathlib import Path
from typing import Any

from launch.report.facts.facts import read_facts
from launch.report.page import render
from launch.session import RunFolder
from tests.launch.report.browsing import Window, browser, window

OUT = Path(__file__).parent / "images"
SIZE = {"width": 1000, "height": 900}


def main() -> None:
    facts = read_facts(RunFolder(path=Path(sys.argv[1])))
    with tempfile.TemporaryDirectory() as folder, browser() as running:
        page = Path(folder) / "report.html"
        page.write_text(render(facts, quick=True))  # what takes long is not in the pictures
        _shoot(running, page)


def _shoot(running: Any, page: Path) -> None:
    with window(running, **SIZE, color_scheme="light") as seen:
        seen.open(page)
        _save(seen, ".explore", "page-front.png")
        names = [mark.get_attribute("data-trial") for mark in seen.page.locator("#map circle[data-trial]").all()]
        for name in (names[0], names[-1]):
            seen.page.mouse.click(*seen.middle(f"#map circle[data-trial={name}]"))
        seen.page.wait_for_selector("#compare .pair")
        _save(seen, "#compare .pair", "page-compare.png")


def _save(seen: Window, selector: str, name: str) -> None:
    seen.page.wait_for_selector("#map circle[data-trial]", state="attached")
    seen.page.locator(selector).screenshot(path=OUT / name, animations="disabled")
    print(OUT / name)


main()
