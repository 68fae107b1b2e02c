"""Debian's chromium, driven by Playwright: what tests of pages share."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.waiting import FOREVER_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A page in the browser, and what it complained of: errors, warnings, and requests that its policy forbids."""

    page: Any
    complaints: list[str] = field(default_factory=list)

    def open(self, file: Path) -> None:
        self.page.goto(file.as_uri())
        self.page.wait_for_selector("#detail h4, #detail p")

    def middle(self, selector: str) -> tuple[float, float]:
        """Where an element's middle is in the window, after scrolling to it."""
        element = self.page.locator(selector).first
        element.scroll_into_view_if_needed()
        box = element.bounding_box()
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def texts(self, selector: str) -> list[str]:
        return [text.strip() for text in self.page.locator(selector).all_text_contents()]


@contextmanager
def browser(*arguments: str) -> Iterator[Any]:
    """A running chromium; the test is skipped where there is none, or nothing to drive it.

    Args:
      arguments: what it draws with; nothing of the graphics card by default.
    """
    playwright = pytest.importorskip("playwright.sync_api", reason="needs Playwright to drive a browser")
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no chromium on the path; install one to see the page in a browser")
    with playwright.sync_playwright() as driver:
        running = driver.chromium.launch(
            executable_path=chromium,
            args=["--no-sandbox", *(arguments or ("--disable-gpu",))],
            timeout=FOREVER_S * 1000,
        )
        try:
            yield running
        finally:
            running.close()


@contextmanager
def window(
    running: Any, *, width: int = 1200, height: int = 900, own: str = "file:", **options: Any
) -> Iterator[Window]:
    """A window without history, which may ask for what begins with `own`. `options` are Playwright's."""
    context = running.new_context(viewport={"width": width, "height": height}, **options)
    try:
        context.set_default_timeout(FOREVER_S * 1000)
        found = Window(page=context.new_page())
        found.page.on("console", lambda said: found.complaints.append(f"{said.type}: {said.text}"))
        found.page.on("pageerror", lambda error: found.complaints.append(str(error)))
        found.page.on("request", lambda request: _note_request(found, request.url, own))
        yield found
    finally:
        context.close()


def _note_request(found: Window, url: str, own: str) -> None:
    if not url.startswith((own, "data:")):
        found.complaints.append(f"asked for {url}")
