"""The command `nas`. Only argument parsing lives here; each verb is imported when it is called, so help is instant."""

import importlib
import os
import sys
import traceback
from pathlib import Path
from typing import Any

import click

from launch.options import (
    cache_option,
    data_options,
    execution_options,
    hours_type,
    json_option,
    latency_option,
    limit_option,
    run_argument,
    worker_options,
)
from launch.paths import absolute

BAD_USE = 2
STOPPED = 130
CLOSED = 141


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="chamnas")
@click.option("--traceback", "show_traceback", is_flag=True, help="Show where an error comes from.")
@click.pass_context
def nas(context: click.Context, show_traceback: bool) -> None:
    """Hardware-aware neural architecture search after ChamNet: limits that hold, and a winner to take away."""
    context.obj = show_traceback


@nas.command()
@click.argument("experiment")
@click.option("--out", "run", type=click.Path(path_type=Path), required=True, help="Run folder; a run there continues.")
@limit_option
@execution_options
@click.option("--trials", type=click.IntRange(1), help="Search trials in all; more extends a finished run.")
@click.option(
    "--rung",
    "rungs",
    type=click.IntRange(1),
    multiple=True,
    metavar="N",
    help="Train first for so much less. [default: the experiment's]",
)
@click.option(
    "--eta", type=float, metavar="E", help="One in E goes on to the next rung. [default: the experiment's, 4]"
)
@click.option("--seed", type=click.IntRange(0), help="[default: the run's, 0 for a new one]")
@click.option(
    "--lag",
    type=click.IntRange(0),
    help="0: fastest, not repeatable. [default: the experiment's, else twice the workers]",
)
@click.option(
    "--storage",
    metavar="URL",
    envvar="CHAMNAS_STORAGE",
    help="Of an Optuna storage; its password is kept nowhere. [default: a journal in the run folder]",
)
@latency_option
@click.option("--profile-again", is_flag=True, help="Time devices anew, whatever table an earlier run has kept.")
@click.option(
    "--objective",
    "objectives",
    multiple=True,
    metavar="M",
    help="Metric to minimise; or a resource, such as macs, under a --limit on the metric; several make a front. "
    "[default: the experiment's]",
)
@click.option(
    "--choose",
    multiple=True,
    metavar="EXPR",
    help='Of a front, the winner: "macs <= 2e9" takes the least error there. [default: the knee]',
)
@click.option(
    "--finalists", type=click.IntRange(1), metavar="N", help="Trained again for longer. [default: the experiment's]"
)
@click.option(
    "--int8-finals",
    type=click.IntRange(0),
    metavar="STEPS",
    help="Train finals in int8 as well, and choose the winner by that. [default: the experiment's, else float32]",
)
@click.option(
    "--strategy", metavar="KEY|FILE", help="Proposes what is trained. [default: the experiment's, else chamnet's]"
)
@click.option("--predictor", metavar="KEY|FILE", help="Learns from what was trained. [default: the experiment's]")
@data_options
@click.option(
    "--log",
    "loggers",
    type=click.Choice(["tensorboard", "mlflow"]),
    multiple=True,
    help="Give winner and finals to that tool, as one run of it.",
)
@click.option(
    "--allow-new-options", is_flag=True, help="Take options that the space has got since, behind those of a choice."
)
@json_option
def search(**options: Any) -> None:
    """Search for the best architecture of EXPERIMENT that meets every limit.

    EXPERIMENT is a key (see `nas list experiments`), a dotted path or a .py file. Running the command again continues
    the run, or says that it is done. Exit status: 0; 1 if the winner violates a limit as measured; 2 for bad input.
    """
    _call("search", options)


@nas.command()
@run_argument
@limit_option
@click.option(
    "--sweep",
    "sweeps",
    multiple=True,
    metavar="EXPR",
    help='The best under each of many bounds: "macs <= 1e9..8e9:16", evenly on a log scale; several make a grid.',
)
@click.option(
    "--train", is_flag=True, help="Train the points of the sweep that nobody has trained, in RUN's own record."
)
@click.option("--top", type=click.IntRange(1), default=5, show_default=True, help="How many architectures to name.")
@execution_options
@json_option
def select(**options: Any) -> None:
    """Search a finished RUN again under new limits, in seconds; nothing is trained without --train.

    The points of a sweep that --train trains are further trials of RUN's search. What there is of it is not trained
    again, and the same command goes on where another was cut short. The options from --executor on are for --train.
    """
    _call("select", options)


@nas.command()
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="RUN...")
@click.option(
    "--out", "run", type=click.Path(path_type=Path), required=True, metavar="RUN", help="New folder of the merged run."
)
@limit_option
@json_option
def merge(**options: Any) -> None:
    """Make one run of several RUNs of the same space and evaluator; a search goes on from it.

    What two of them have trained alike is counted once. Every trial keeps where it is from, and with which seed.
    """
    _call("merge", options)


@nas.command()
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
    _call("front", options)


@nas.command()
@run_argument
@click.option("--out", "page", type=click.Path(path_type=Path), metavar="FILE", help="[default: RUN/report.html]")
@json_option
def report(**options: Any) -> None:
    """Write RUN's report: one self-contained HTML page."""
    _call("report", options)


@nas.command()
@run_argument
@click.option("--port", type=click.IntRange(0, 65535), default=8200, show_default=True, help="0: any that is free.")
@json_option
def dashboard(**options: Any) -> None:
    """Show RUN's report live on loopback until Ctrl-C; of a folder of runs, all of them. Works while it is driven."""
    _call("dashboard", options)


@nas.command()
@run_argument
@json_option
def status(**options: Any) -> None:
    """Show how far RUN is; works while another terminal drives it."""
    _call("status", options)


@nas.command()
@run_argument
@json_option
def repair(**options: Any) -> None:
    """Save what can be read of RUN's damaged record; keeps the damaged one, and tells what is trained again.

    Nobody else may be writing to the record meanwhile: an SQLite file may hold other runs.
    """
    _call("repair", options)


@nas.command()
@click.argument("space")
@limit_option
@latency_option
@click.option("--size", metavar="HxW", help="Input height and width. [default: the space's]")
@json_option
def info(**options: Any) -> None:
    """Tell the size of SPACE, its range of costs, and how much of it meets the limits."""
    _call("info", options)


@nas.command()
@click.argument("source", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder; a training there continues.")
@click.option(
    "--experiment",
    metavar="KEY|FILE|RUN",
    help="Whose data and recipe train it. [default: the source's own; depth for an architecture's file]",
)
@click.option(
    "--steps", type=click.IntRange(1), metavar="N", help="[default: eight times those of the search's finals]"
)
@click.option("--hours", type=hours_type, metavar="H", help="As many steps as they have room for, by a first few.")
@click.option("--lr", type=click.FloatRange(0, min_open=True), metavar="RATE", help="Highest learning rate.")
@click.option("--seed", type=click.IntRange(0), help="[default: 0]")
@click.option("--device", metavar="NAME", help="Such as cpu or cuda:1. [default: a GPU if there is one]")
@click.option("--precision", type=click.Choice(["float32", "bfloat16"]), help="[default: bfloat16 where it is quicker]")
@click.option("--from-scratch", is_flag=True, help="Begin with random weights. [default: with the search's]")
@click.option(
    "--augment/--no-augment", default=True, show_default=True, help="Change pictures more than a search does."
)
@click.option(
    "--threads",
    type=click.IntRange(1),
    metavar="N",
    help="On a CPU. [default: one for a small network, else the cores that the process may use]",
)
@click.option(
    "--teacher",
    type=click.Path(path_type=Path),
    metavar="DIR|FILE.onnx",
    help="A finished training, or a depth network of your own, whose outputs it learns too.",
)
@click.option(
    "--teacher-wants",
    type=click.Choice(["unit", "imagenet"]),
    default="unit",
    show_default=True,
    help="What FILE.onnx is given: RGB in [0, 1], or that by ImageNet's mean and deviation.",
)
@click.option(
    "--teacher-gives",
    type=click.Choice(["log-disparity", "disparity", "depth"]),
    default="log-disparity",
    show_default=True,
    help="What FILE.onnx answers; up to a scale and a shift.",
)
@click.option(
    "--log", "loggers", type=click.Choice(["tensorboard"]), multiple=True, help="Give the learning curve to that tool."
)
@worker_options
@data_options
@cache_option
@json_option
def train(**options: Any) -> None:
    """Train SOURCE in full: a RUN's winner, a winner.json, or any architecture's JSON file.

    Killed or interrupted, the same command continues, and gives what it would have given. Exit status: 0; 2 for bad
    input and for a training that diverged.
    """
    _call("train", options)


@nas.command()
@click.argument("source", type=click.Path(path_type=Path))
@click.option("--format", type=click.Choice(["pt2", "onnx", "executorch"]), required=True)
@click.option("--out", type=click.Path(path_type=Path), required=True, metavar="FILE", help="File to write.")
@click.option("--int8", is_flag=True, help="In int8, as nas quantise left it.")
@click.option("--size", metavar="HxW|dynamic", help="Of the pictures. [default: the size that was searched at]")
@click.option("--measure", is_flag=True, help="Time the file on one thread of this machine, for the card.")
@json_option
def export(**options: Any) -> None:
    """Write the network of SOURCE, a training folder or a RUN, as a file for another runtime.

    The file is loaded in its own runtime and compared with the network before it gets its name. card.md and card.json
    beside it tell what the network is, what it costs and how good it is.
    """
    _call("export", options)


@nas.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--ptq", is_flag=True, help="Only learn the ranges of tensors; train nothing.")
@click.option("--steps", type=click.IntRange(1), metavar="N", help="[default: a tenth of the training's]")
@click.option(
    "--lr", type=click.FloatRange(0, min_open=True), metavar="RATE", help="[default: a tenth of the training's]"
)
@click.option("--device", metavar="NAME", help="[default: cpu]")
@cache_option
@json_option
def quantise(**options: Any) -> None:
    """Bring the network of FOLDER, a finished training, to int8, by training that knows of the rounding.

    Tells every metric in float32, with learned ranges alone and after training, and which layers cost most.
    """
    _call("quantise", options)


@nas.command()
@click.argument("model", type=click.Path(path_type=Path))
@click.argument("pictures", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="IMAGE|FOLDER...")
@click.option("--out", type=click.Path(path_type=Path), required=True, metavar="DIR", help="Folder to write to.")
@click.option(
    "--size",
    type=click.IntRange(1, 2048),
    metavar="N",
    help="Long side at which the network sees pictures. [default: as many pixels as it was trained on]",
)
@click.option("--photo/--no-photo", default=True, show_default=True, help="Also 3D photos, as a page and as GLB.")
@click.option(
    "--wants",
    type=click.Choice(["unit", "imagenet"]),
    default="unit",
    show_default=True,
    help="What another's ONNX or ExecuTorch file is given: RGB in [0, 1], or that by ImageNet's mean and deviation.",
)
@click.option(
    "--gives",
    type=click.Choice(["log-disparity", "disparity", "depth"]),
    default="log-disparity",
    show_default=True,
    help="What it answers; up to a scale and a shift.",
)
@json_option
def depth(**options: Any) -> None:
    """Tell the depth of pictures by MODEL: a RUN's winner, a training's folder, winner.pt, an ONNX or ExecuTorch file,
    or `demo`, the network that comes with the source.

    Any kind and size of picture; of each, log-disparity (greater is nearer) as NPY and 16-bit PNG, in colours, and a 3D
    photo to look around in. Of a video steady depth: a 16-bit PNG for each frame, and both side by side as MP4.
    Exit status: 0; 1 if pictures were skipped; 2 for bad input.
    """
    _call("depth", options)


@nas.command("list")
@click.argument("kind", required=False)
@json_option
def list_(**options: Any) -> None:
    """List what can be named: spaces, predictors, resources, devices, strategies or experiments."""
    _call("list", options)


@nas.command()
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
    _call("profile", options)


@nas.command()
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
    _call("bench", options)


@nas.command()
@click.argument("kind", type=click.Choice(["experiment", "space", "resource"]))
@click.argument("file")
@json_option
def new(**options: Any) -> None:
    """Write FILE, the smallest experiment, space or resource that runs, to change from there."""
    _call("new", options)


def _call(verb: str, options: dict[str, Any]) -> None:
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


def main() -> None:
    """Entry point of the command."""
    nas(prog_name="nas")
