"""The page's script and style, from files of one idea each, put into it as they are: there is no build step.

The script's files share one scope, in the order of `SCRIPTS`: a file uses what stands before it. The page's policy lets
no other script run, so it names this one's digest.
"""

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

HERE = Path(__file__).parents[1]
SCRIPTS = (
    "dom", "format", "data", "state", "scale", "frame", "colour", "pareto", "network", "commands", "detail", "compare",
    "map", "pointing", "ranges", "parallel", "table", "progress", "cluster", "main",
)  # fmt: skip
LIVE = (*SCRIPTS, "live")


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """A script to place inside a page, and the source expression by which the page's policy allows it."""

    text: Markup
    source: str


def script(names: tuple[str, ...] = SCRIPTS) -> Script:
    files = [(HERE / "scripts" / f"{name}.js").read_text(encoding="utf-8") for name in names]
    text = "\n".join(['"use strict";', "{", *files, "}"])
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return Script(text=Markup(text), source=f"'sha256-{digest}'")


def style() -> Markup:
    return Markup((HERE / "styles" / "explorer.css").read_text(encoding="utf-8"))
