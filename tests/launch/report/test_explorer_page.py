"""The page in a real browser: hover, pin, compare, brush, sort, keyboard, 400 pixels, hostile names, 10,000 trials."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from launch.report.facts.facts import Facts, read_facts
from launch.report.page import render
from launch.session import RunFolder
from nas.record import Trial
from tests.launch.report.browsing import Window, browser, window
from tests.launch.report.synthetic import trials, with_trials
from tests.waiting import until

pytestmark = pytest.mark.browser

HOSTILE = """</script><img src=x onerror="alert('x')"><b>"quoted" & 'so'"""
NUM_MANY = 10_000
TIMES = "\u00d7"


@pytest.fixture(scope="module")
def running() -> Iterator[Any]:
    with browser() as found:
        yield found


@pytest.fixture(scope="module")
def report(finished: RunFolder, html: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(html)
    return path


@pytest.fixture
def pictures(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Where the README's pictures are to be written."""
    wanted = request.config.getoption("--pictures")
    return tmp_path if wanted is None else Path(wanted)


@pytest.fixture
def pictured(request: pytest.FixtureRequest, finished: RunFolder) -> RunFolder:
    """Whose pictures these are."""
    wanted = request.config.getoption("--pictures-of")
    return finished if wanted is None else RunFolder(path=Path(wanted))


@pytest.fixture
def seen(running: Any, report: Path) -> Iterator[Window]:
    """The finished run's page in a window; whatever a test does there, nothing may complain."""
    with window(running) as found:
        found.open(report)
        yield found
        assert found.complaints == []


def page_of(facts: Facts, folder: Path) -> Path:
    path = folder / "made-up.html"
    path.write_text(render(facts, quick=True))
    return path


def made_up(finished: RunFolder, search: tuple[Trial, ...]) -> Facts:
    return replace(with_trials(read_facts(finished), search), finals=())


def on_front(seen: Window) -> list[str]:
    return [mark.get_attribute("data-trial") for mark in seen.page.locator("#map circle[data-trial]").all()]


def expect(condition: str, seen: Window) -> None:
    """Wait until an expression is true in the page, whose policy forbids it to look itself."""
    until(lambda: seen.page.evaluate(condition), what=condition)


def test_hovering_a_point_draws_its_architecture_and_tells_all(seen: Window, finished: RunFolder) -> None:
    facts = read_facts(finished)
    name = on_front(seen)[1]
    seen.page.mouse.move(*seen.middle(f"#map circle[data-trial={name}]"))
    expect(f"document.querySelector('#detail h4').textContent === '{name}'", seen)
    trial = next(trial for trial in facts.search if f"search-{trial.ticket}" == name)
    decisions = facts.pricing.space.decisions(trial.architecture)
    assert seen.page.locator("#detail svg.network .stage").count() == len(facts.pricing.space.stages)
    widths = [str(decisions[key]) for key in ("narrow.width", "middle.width", "deep.width", "narrow.width")]
    assert [text.split()[0] for text in seen.page.locator("#detail .stage text.width").all_text_contents()][
        :4
    ] == widths
    expansions = seen.page.locator("#detail .stage text.expansion").all_text_contents()
    assert expansions == [f"{TIMES}{decisions[f'{stage}.expansion']}" for stage in ("down", "deep", "up")]
    told = " ".join(seen.texts("#detail dl"))
    assert all(resource in told for resource in facts.pricing.tables) and "error" in told and "duration" in told
    assert f"{int(facts.pricing.costs(trial.architecture)['macs']):,}" in told


def test_a_click_pins_and_two_pinned_are_compared(seen: Window, finished: RunFolder) -> None:
    first, second = on_front(seen)[0], on_front(seen)[-1]
    for name in (first, second):
        seen.page.mouse.click(*seen.middle(f"#map circle[data-trial={name}]"))
    expect("document.querySelector('#compare h3') !== null", seen)
    assert seen.texts("#compare h3") == [f"{first} and {second}"]
    facts = read_facts(finished)
    by_name = {f"search-{trial.ticket}": trial.architecture for trial in facts.search}
    seen.page.select_option("#compared", "macs")
    rows = seen.page.locator("#compare table").first.locator("tbody tr")
    for column, name in ((2, first), (3, second)):
        cells = rows.locator(f"td:nth-child({column})").all_text_contents()
        counted = sum(int(cell.replace(",", "")) for cell in cells)
        assert counted == facts.pricing.costs(by_name[name])["macs"]
    differing = [
        choice.name
        for choice, a, b in zip(facts.pricing.space.choices, by_name[first], by_name[second], strict=True)
        if a != b
    ]
    assert seen.texts("#compare table >> nth=1 >> tbody th") == differing
    seen.page.locator("#compare .heading button").first.click()
    expect("document.querySelector('#compare h3') === null", seen)


def test_it_is_shown_as_in_the_readme(running: Any, pictured: RunFolder, pictures: Path, tmp_path: Path) -> None:
    """Writes the README's pictures of a page, see `--pictures`; the two ends of the front are compared."""
    with window(running, width=1000, color_scheme="light") as seen:
        seen.open(page_of(read_facts(pictured), tmp_path))
        _shoot(seen, ".explore", pictures / "page-front.png")
        ends = on_front(seen)[0], on_front(seen)[-1]
        for name in ends:
            seen.page.mouse.click(*seen.middle(f"#map circle[data-trial={name}]"))
        seen.page.wait_for_selector("#compare .pair")
        assert seen.texts("#compare h3") == [" and ".join(ends)]
        _shoot(seen, "#compare .pair", pictures / "page-compare.png")
        assert seen.complaints == []


def _shoot(seen: Window, selector: str, path: Path) -> None:
    """One part of the page as a picture, which shows more than paper."""
    seen.page.wait_for_selector("#map circle[data-trial]", state="attached")
    seen.page.locator(selector).screenshot(path=path, animations="disabled")
    with Image.open(path) as picture:
        assert picture.width > 500 and len(np.unique(np.asarray(picture.convert("L")))) > 8


def test_a_brush_selects_in_map_table_and_coordinates(seen: Window) -> None:
    x, y = seen.middle("#map .plot")
    box = seen.page.locator("#map .plot").bounding_box()
    seen.page.mouse.move(box["x"] + 60, box["y"] + 12)
    seen.page.mouse.down()
    seen.page.mouse.move(x, y, steps=3)
    seen.page.mouse.up()
    expect("document.querySelectorAll('#chips .chip').length === 3", seen)  # two ranges, and all of them
    number = int(seen.texts("#number-selected")[0].split()[0])
    assert 0 < number < 14
    assert seen.page.locator("#trials-table tbody tr").count() == number
    assert seen.page.locator("#parallel rect.brush").count() == 2
    seen.page.locator("#chips .chip").last.click()
    expect("document.querySelectorAll('#chips .chip').length === 0", seen)


def test_a_drag_along_an_axis_selects_too(seen: Window) -> None:
    seen.page.locator("#parallel .axis-line").first.scroll_into_view_if_needed()
    axis = seen.page.locator("#parallel .axis-line").first.bounding_box()
    seen.page.mouse.move(axis["x"], axis["y"] + 2)
    seen.page.mouse.down()
    seen.page.mouse.move(axis["x"], axis["y"] + axis["height"] / 2)
    seen.page.mouse.up()
    expect("document.querySelectorAll('#chips .chip').length === 1", seen)
    assert 0 < seen.page.locator("#trials-table tbody tr").count() < 14


def test_heads_sort_and_what_is_unknown_comes_last(seen: Window) -> None:
    head = seen.page.locator("#trials-table thead button[data-key=error]")
    for order in ("ascending", "descending"):
        head.click()
        assert seen.page.locator("#trials-table th[aria-sort]").get_attribute("aria-sort") == order
        cells = seen.page.locator("#trials-table tbody tr td:nth-child(4)").all_inner_texts()
        known = [float(cell) for cell in cells if cell != "–"]  # noqa: RUF001
        assert known == sorted(known, reverse=order == "descending") and len(known) > 10
        assert cells[len(known) :] == ["–"] * (len(cells) - len(known)) != []  # noqa: RUF001


def test_the_keyboard_alone_reaches_everything(seen: Window) -> None:
    seen.page.focus("#map .plot")
    for _ in range(2):
        seen.page.keyboard.press("Shift+ArrowRight")
        seen.page.wait_for_selector("#map .mark.hovered")
        seen.page.keyboard.press("Enter")
    seen.page.wait_for_selector("#compare h3")
    assert set(seen.texts("#compare h3")[0].split(" and ")) == set(on_front(seen)[:2])
    seen.page.focus("#range-to")
    seen.page.keyboard.type("0.55")
    seen.page.keyboard.press("Enter")
    expect("document.querySelectorAll('#chips .chip').length === 1", seen)
    seen.page.focus("#trials-table tbody button")
    name = seen.texts("#trials-table tbody button")[0]
    expect(f"document.querySelector('#detail h4').textContent === '{name}'", seen)
    seen.page.focus("#map .plot")
    seen.page.keyboard.press("Escape")
    seen.page.keyboard.press("Escape")
    expect("document.querySelector('#compare h3') === null && !document.querySelector('#chips .chip')", seen)


def test_every_control_has_a_name(seen: Window) -> None:
    names = seen.page.evaluate(
        """() => [...document.querySelectorAll('button, select, input, [tabindex="0"]')]
        .filter((one) => one.offsetParent)
        .map((one) => one.getAttribute('aria-label') || one.labels?.[0]?.textContent || one.textContent)"""
    )
    assert len(names) > 20 and all(name.strip() for name in names)


def test_a_command_is_copied(running: Any, report: Path, finished: RunFolder) -> None:
    with window(running, permissions=["clipboard-read", "clipboard-write"]) as seen:
        seen.open(report)
        seen.page.locator("#detail .commands button").first.click()
        expect("document.querySelector('#detail .commands button').textContent === 'copied'", seen)
        copied = seen.page.evaluate("navigator.clipboard.readText()")
        assert copied.startswith(f"nas select {finished.path} --limit 'macs <= ")
        assert seen.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wider_than_a_narrow_window(running: Any, report: Path, scheme: str) -> None:
    with window(running, width=400, height=800, color_scheme=scheme) as seen:
        seen.open(report)
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= 400
        name = on_front(seen)[0]
        seen.page.mouse.click(*seen.middle(f"#map circle[data-trial={name}]"))
        expect(f"document.querySelector('#detail h4').textContent === '{name}'", seen)
        seen.page.mouse.click(*seen.middle(f"#map circle[data-trial={on_front(seen)[-1]}]"))
        seen.page.wait_for_selector("#compare h3")
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= 400
        assert seen.complaints == []


@pytest.mark.slow
def test_ten_thousand_trials_are_shown_sorted_and_selected(running: Any, finished: RunFolder, tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(0.5, 0.1, NUM_MANY)
    path = page_of(made_up(finished, trials(values.tolist())), tmp_path)
    assert path.stat().st_size < 5e6
    with window(running) as seen:
        seen.open(path)
        assert seen.texts("#number-selected")[0].startswith("10,000 of 10,000 trials")
        seen.page.click("#trials-table thead button[data-key=error]")
        best = int(np.argmin(values))
        assert seen.texts("#trials-table tbody button")[0] == f"search-{best}"
        seen.page.mouse.move(*seen.middle(f"#map circle[data-trial=search-{best}]"))
        expect(f"document.querySelector('#detail h4').textContent === 'search-{best}'", seen)
        seen.page.fill("#range-to", "0.4")
        seen.page.press("#range-to", "Enter")
        number = int((values <= 0.4).sum())
        expect(f"document.querySelector('#number-selected').textContent.startsWith('{number:,} of')", seen)
        assert seen.complaints == []


@pytest.mark.parametrize("kind", ["nothing", "one", "failed", "infeasible", "alike", "extreme", "running"])
def test_runs_that_have_little_to_show_are_shown(running: Any, finished: RunFolder, tmp_path: Path, kind: str) -> None:
    some = trials([0.5, 0.25, 0.75])
    search = {
        "nothing": (),
        "one": some[:1],
        "failed": tuple(replace(t, state="failed", metrics={}, failure=HOSTILE) for t in some),
        "infeasible": tuple(replace(t, architecture=(3,) * 6) for t in some),
        "alike": tuple(replace(t, metrics={"error": 0.5}, architecture=some[0].architecture) for t in some),
        "extreme": tuple(replace(t, metrics={"error": 10.0 ** (10 * t.ticket)}) for t in some),
        "running": tuple(replace(t, state="running", metrics={}, duration_s=None, ended=None) for t in some),
    }[kind]
    with window(running) as seen:
        seen.open(page_of(made_up(finished, search), tmp_path))
        assert seen.page.locator("#trials-table tbody tr").count() == len(search)
        for name in ("ArrowRight", "Enter", "ArrowUp", "Enter", "Escape"):
            seen.page.press("#map .plot", name)
        assert seen.complaints == []


def test_hostile_texts_stay_text(running: Any, finished: RunFolder, tmp_path: Path) -> None:
    some = trials([0.5, 0.25])
    search = (
        replace(some[0], origin=HOSTILE, notes=(HOSTILE,)),
        replace(some[1], state="failed", metrics={}, failure=HOSTILE),
    )
    with window(running) as seen:
        seen.open(page_of(made_up(finished, search), tmp_path))
        seen.page.locator("#trials-table tbody button").first.focus()
        expect("document.querySelector('#detail h4').textContent === 'search-0'", seen)
        assert seen.texts("#detail p.muted")[0] == HOSTILE
        assert HOSTILE in seen.texts("#failures summary")[0]
        assert seen.page.locator("img").count() == 0
        assert seen.complaints == []
