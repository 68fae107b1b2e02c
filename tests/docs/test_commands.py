"""Commands that pages show are the command's own: verbs and options are there, values are of their kind."""

import click
import pytest

from launch import cli
from tests.docs.pages import ROOT, Page

PAGES = [Page(name="../README.md"), *(Page(name=path.name) for path in sorted((ROOT / "docs").glob("*.md")))]
SHOWN = [(page.name, *command) for page in PAGES for command in page.commands()]


def test_pages_show_commands() -> None:
    assert len({name for name, *_ in SHOWN}) > 10 and len(SHOWN) > 50


@pytest.mark.parametrize("shown", SHOWN, ids=" ".join)
def test_every_command_has_the_options_that_it_is_shown_with(shown: tuple[str, ...]) -> None:
    _, verb, *arguments = shown
    known = cli.nas.commands[verb]
    with click.Context(known) as context:
        known.parse_args(context, list(arguments))
