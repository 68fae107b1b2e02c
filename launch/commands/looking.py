"""Commands that show a run, mend its record, or name what there is."""

from pathlib import Path
from typing import Any

import click

from launch.commands.call import call
from launch.options import json_option, run_argument


@click.command()
@run_argument
@click.argument("others", nargs=-1, type=click.Path(path_type=Path), metavar="[RUN]...")
@click.option("--x", "x", default="macs", show_default=True, help="Resource or metric on the x axis.")
@click.option("--y", "y", metavar="NAME", help="Metric on the y axis. [default: the run's objective]")
@click.option("--html", type=click.Path(path_type=Path), metavar="FILE", help="Also write a self-contained page.")
@click.option("--png", type=click.Path(path_type=Path), metavar="FILE", help="Also write the picture.")
@click.option("--csv", type=click.Path(path_type=Path), metavar="FILE", help="Also write every point as a row.")
@click.option("--colour", metavar="NAME", help="Third resource or metric, as colour.")
@click.option(
    "--predicted",
    type=click.IntRange(0),
    default=0,
    metavar="N",
    help="Also name N that nobody trained, along the predicted front; takes seconds.",
)
@json_option
def front(**options: Any) -> None:
    """Print the Pareto front of RUN's trained architectures, or of several RUNs' together; both axes are minimised."""
    call("front", options)


@click.command()
@run_argument
@click.option("--out", "page", type=click.Path(path_type=Path), metavar="FILE", help="[default: RUN/report.html]")
@json_option
def report(**options: Any) -> None:
    """Write RUN's report: one self-contained HTML page."""
    call("report", options)


@click.command()
@run_argument
@click.option("--port", type=click.IntRange(0, 65535), default=8200, show_default=True, help="0: any that is free.")
@json_option
def dashboard(**options: Any) -> None:
    """Show RUN's report live on loopback until Ctrl-C; of a folder of runs, all of them. Works while it is driven."""
    call("dashboard", options)


@click.command()
@run_argument
@json_option
def status(**options: Any) -> None:
    """Show how far RUN is; works while another terminal drives it."""
    call("status", options)


@click.command()
@run_argument
@json_option
def repair(**options: Any) -> None:
    """Save what can be read of RUN's damaged record; keeps the damaged one, and tells what is trained again.

    Nobody else may be writing to the record meanwhile: an SQLite file may hold other runs.
    """
    call("repair", options)


@click.command("list")
@click.argument("kind", required=False)
@json_option
def list_(**options: Any) -> None:
    """List what can be named: spaces, predictors, resources, devices, strategies or experiments."""
    call("list", options)


COMMANDS = (front, report, dashboard, status, repair, list_)
