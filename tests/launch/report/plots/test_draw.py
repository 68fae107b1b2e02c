"""Charts as markup: themed, unique ids, escaped texts, the same bytes every time."""

import re

import matplotlib
from matplotlib.axes import Axes

from launch.report.plots.draw import LIMIT, SERIES, png, svg

TEXT = '<b>$x_1$ #0b6fb8 & id="y"</b>'


def painter(axes: Axes) -> None:
    axes.scatter([1, 2], [3, 4], color=SERIES[0].light, label=TEXT)
    axes.axvline(1.5, color=LIMIT.light)
    axes.set_xlabel(TEXT)
    axes.legend()


def test_the_same_drawing_gives_the_same_bytes() -> None:
    assert svg(painter, "one") == svg(painter, "one")
    assert png(painter) == png(painter)


def test_colours_follow_the_theme_and_texts_stay() -> None:
    markup = svg(painter, "one")
    assert "var(--series-0)" in markup and "var(--limit)" in markup
    texts = re.findall(r">([^<>]*\$x_1\$[^<>]*)<", markup)
    assert len(texts) == 2 and all("#0b6fb8" in text for text in texts)
    assert "<b>" not in markup


def test_ids_begin_with_the_name_and_references_find_them() -> None:
    markup = svg(painter, "one")
    ids = set(re.findall(r'<[^>]* id="([^"]*)"', markup))
    assert ids and all(name.startswith("one-") for name in ids)
    assert set(re.findall(r'(?:href="#|url\(#)([^")]*)', markup)) <= ids


def test_markup_is_an_element_without_prologue_or_addresses() -> None:
    markup = svg(painter, "one")
    assert markup.startswith("<svg") and "http" not in markup and "<style" not in markup and "<metadata" not in markup


def test_drawing_leaves_no_setting_behind() -> None:
    before = dict(matplotlib.rcParams)
    svg(painter, "one")
    assert dict(matplotlib.rcParams) == before
