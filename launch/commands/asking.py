"""Commands that ask before a search: of a space, a device, a table of trained architectures; or that begin a file."""

from pathlib import Path
from typing import Any

import click

from launch.commands.call import call
from launch.options import json_option, latency_option, limit_option


@click.command()
@click.argument("space")
@limit_option
@latency_option
@click.option("--size", metavar="HxW", help="Input height and width. [default: the space's]")
@json_option
def info(**options: Any) -> None:
    """Tell the size of SPACE, its range of costs, and how much of it meets the limits."""
    call("info", options)


@click.command()
@click.argument("space")
@click.option("--device", required=True, help="Key, dotted path or .py file; with --from any name.")
@click.option("--out", "table", type=click.Path(path_type=Path), required=True, help="JSON file to write.")
@click.option("--size", metavar="HxW", help="Input height and width. [default: the space's]")
@click.option("--threads", type=click.IntRange(1), help="Of a CPU. [default: 1]")
@click.option("--operators", type=click.IntRange(1), metavar="N", help="Time N at most and predict the rest.")
@click.option(
    "--from", "source", type=click.Path(path_type=Path), metavar="CSV", help="Import operators timed elsewhere."
)
@click.option(
    "--networks", type=click.Path(path_type=Path), metavar="CSV", help="With --from: whole networks timed there."
)
@click.option(
    "--margin",
    type=click.FloatRange(0),
    metavar="SHARE",
    help="Kept below limits on your word. [default: as the networks show; 0.1 without any]",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@json_option
def profile(**options: Any) -> None:
    """Time every distinct operator of SPACE on a device, and check the sums against whole networks.

    Interrupted, the same command continues. `nas search --latency TABLE` and `nas info --latency TABLE` use the table.
    """
    call("profile", options)


@click.command()
@click.argument("table", type=click.Path(path_type=Path))
@click.option(
    "--objective", "objectives", multiple=True, required=True, metavar="COL[:min|max]", help="Several make a front."
)
@click.option("--minimise", is_flag=True, help="Less is better. [default: more is better]")
@click.option("--strategies", metavar="A,B,..", help="Keys, peers or .py files. [default: all that are quick]")
@click.option("--trials", type=click.IntRange(1), default=100, show_default=True, help="Trained architectures per run.")
@click.option("--seeds", type=click.IntRange(1), default=10, show_default=True, help="Runs of each strategy.")
@click.option("--workers", type=click.IntRange(1), default=1, show_default=True, help="Trainings at once.")
@click.option("--lag", type=click.IntRange(0), default=0, show_default=True, help="0: propose from all that has ended.")
@limit_option
@click.option("--unit", "units", multiple=True, metavar="COL=UNIT", help="Of a column whose name does not say it.")
@click.option("--judge", metavar="COL[:min|max]", help="Column in which the best found is judged.")
@click.option(
    "--statistics", metavar="COL,..|none", help="Columns counted without training. [default: params, macs, ..]"
)
@click.option(
    "--numeric", metavar="x_COL,..|all|none", help="Decisions that are numbers. [default: the header's, else found out]"
)
@click.option(
    "--structure", metavar="KEY|FILE", help="How decisions are wired: a structure, or the space of the architectures."
)
@click.option("--duration", metavar="COL", help="Column of training times. [default: random times]")
@click.option(
    "--rung", "rungs", multiple=True, metavar="COST=COL", help="Results of trainings that cost so much; two or more."
)
@click.option("--eta", type=float, default=4.0, show_default=True, help="One in so many is promoted to the next rung.")
@click.option("--predictor", default="gp", show_default=True, help="Key, dotted path or .py file.")
@click.option("--jobs", type=click.IntRange(1), help="Processes. [default: one for each CPU]")
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="FILE.jsonl", help="Keep runs; runs there are not repeated."
)
@json_option
@click.option("--png", type=click.Path(path_type=Path), metavar="FILE", help="Also draw the curves.")
def bench(**options: Any) -> None:
    """Replay TABLE, a CSV of trained architectures (decisions in columns x_..), strategies and peers side by side."""
    call("bench", options)


@click.command()
@click.argument("kind", type=click.Choice(["experiment", "space", "resource"]))
@click.argument("file")
@json_option
def new(**options: Any) -> None:
    """Write FILE, the smallest experiment, space or resource that runs, to change from there."""
    call("new", options)


COMMANDS = (info, profile, bench, new)
