"""Renders charts to SVG or PNG, the same bytes for the same run.

Colours are drawn as fixed codes. In an SVG each code then becomes a CSS variable, so that the page's light and dark
themes colour the charts too; a PNG keeps the codes, which are the light theme's.
"""

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import matplotlib
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure

Painter = Callable[[Axes], None]

SIZE_INCHES = (5.4, 3.9)
PNG_DPI = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Colour:
    """One colour of the charts in both themes, as #rrggbb."""

    name: str
    light: str
    dark: str


INK = Colour(name="ink", light="#20252b", dark="#e4e7eb")
FAINT = Colour(name="faint", light="#7c838c", dark="#8d949d")
GRID = Colour(name="grid", light="#e3e6ea", dark="#30363d")
PAPER = Colour(name="paper", light="#fefefe", dark="#15181c")
LIMIT = Colour(name="limit", light="#b42318", dark="#ff7b6e")
FRONT = Colour(name="front", light="#20262c", dark="#e5e8ec")
SERIES = (  # after Okabe and Ito 2008: told apart by colour-blind readers too
    Colour(name="series-0", light="#0b6fb8", dark="#5cb2f2"),
    Colour(name="series-1", light="#c8560a", dark="#f39a52"),
    Colour(name="series-2", light="#0a8f6b", dark="#3fcfa6"),
    Colour(name="series-3", light="#8a4fa3", dark="#cf9be4"),
    Colour(name="series-4", light="#8c7400", dark="#dcc23f"),
)
COLOURS = (INK, FAINT, GRID, PAPER, LIMIT, FRONT, *SERIES)

STYLE: dict[Any, Any] = {  # Matplotlib's own type of a key lists 300 names
    "text.usetex": False,
    "text.parse_math": False,  # names come from users: a dollar sign is a dollar sign
    "font.family": "DejaVu Sans",
    "font.size": 9.5,
    "svg.fonttype": "none",
    "text.color": INK.light,
    "axes.labelcolor": INK.light,
    "axes.edgecolor": FAINT.light,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID.light,
    "xtick.color": FAINT.light,
    "ytick.color": FAINT.light,
    "xtick.labelcolor": INK.light,
    "ytick.labelcolor": INK.light,
    "legend.frameon": False,
    "legend.fontsize": 9.0,
}


def svg(paint: Painter, name: str, *, size: tuple[float, float] = SIZE_INCHES) -> Markup:
    """Markup to place inside a page. `name` differs between the charts of one page: ids begin with it.

    `size` is in inches; the page scales the chart to its place, so it sets the shape and how large the texts are in it.
    """
    buffer = io.StringIO()
    with matplotlib.rc_context({**STYLE, "svg.hashsalt": name}):
        _figure(paint, size).savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    return Markup(_inline(buffer.getvalue(), name))  # Matplotlib has escaped every text in it


def png(paint: Painter) -> bytes:
    """A picture on a light ground."""
    buffer = io.BytesIO()
    with matplotlib.rc_context(STYLE):
        _figure(paint, SIZE_INCHES).savefig(
            buffer, format="png", dpi=PNG_DPI, facecolor=PAPER.light, metadata={"Software": None}
        )
    return buffer.getvalue()


def _figure(paint: Painter, size: tuple[float, float]) -> Figure:
    figure = Figure(figsize=size, layout="constrained")
    paint(figure.add_subplot())
    return figure


def _inline(document: str, name: str) -> str:
    """A stand-alone SVG document as an element of a page: no prologue, metadata or styles of its own."""
    element = document[document.index("<svg") :]
    element = re.sub(r"<(metadata|style)\b.*?</\1>", "", element, flags=re.DOTALL)
    return re.sub(r"<[^>]+>", lambda tag: _themed(tag[0], name), element)  # texts stay as they are


def _themed(tag: str, name: str) -> str:
    """One tag with the page's colours and font, and with ids that no other chart has."""
    if tag.startswith("<svg"):
        return re.sub(r' (width|height|version|xmlns(:xlink)?)="[^"]*"', "", tag)
    tag = tag.replace("xlink:href=", "href=")
    tag = re.sub(r'( id="| href="#|url\(#)', rf"\g<1>{name}-", tag)
    tag = re.sub(r"font-family: [^;\"]*;? ?", "", tag)
    for colour in COLOURS:
        tag = tag.replace(colour.light, f"var(--{colour.name})")
    return tag
