"""A verb called: its file imported, its status the process's, and a caller's mistake one sentence."""

import importlib
import os
import sys
import traceback
from pathlib import Path
from typing import Any

import click

from launch.paths import absolute

BAD_USE = 2
STOPPED = 130
CLOSED = 141


def call(verb: str, options: dict[str, Any]) -> None:
    """Run `launch.verbs.VERB.run(**options)`; a caller's mistake becomes one sentence and exit status 2."""
    try:
        status = importlib.import_module(f"launch.verbs.{verb}").run(**absolute(options))
    except KeyboardInterrupt:
        click.echo("stopped; the same command continues", err=True)
        status = STOPPED
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = CLOSED
    except (ValueError, OSError, RuntimeError) as error:
        status = _refuse(f"{error}{_room(error, options)}")
    except (Exception, SystemExit) as error:  # a slip in code of the user's own, or in ours; never the status 0 or 1
        from nas.errors import told

        status = _refuse(f"{told(error)}; `nas --traceback {verb} ..` shows how it came to that")
    sys.exit(status)


def _refuse(sentence: str) -> int:
    if click.get_current_context().find_root().obj:
        traceback.print_exc()
    click.echo(f"error: {sentence}", err=True)
    return BAD_USE


def _room(error: Exception, options: dict[str, Any]) -> str:
    """Of a full disk, how much room there is; other errors, and those that say it, have nothing to add."""
    from nas.errors import FULL, room_text

    if not isinstance(error, OSError) or error.errno not in FULL:
        return ""
    path = error.filename or options.get("run") or options.get("table") or Path.cwd()
    return f"; {room_text(path)}; make room there and run the same command again"
