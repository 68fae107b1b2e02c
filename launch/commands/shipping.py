"""Commands that take a winner to where it is used: trained in full, in int8, as a file, on pictures."""

from pathlib import Path
from typing import Any

import click

from launch.commands.call import call
from launch.options import cache_option, data_options, foreign_options, hours_type, json_option, worker_options


@click.command()
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
@foreign_options("--teacher-", whose="FILE.onnx")
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
    call("train", options)


@click.command()
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
    call("export", options)


@click.command()
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
    call("quantise", options)


@click.command()
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
@foreign_options("--", whose="another's ONNX or ExecuTorch file")
@json_option
def depth(**options: Any) -> None:
    """Tell the depth of pictures by MODEL: a RUN's winner, a training's folder, winner.pt, an ONNX or ExecuTorch file,
    or `demo`, the network that comes with the source.

    Any kind and size of picture; of each, log-disparity (greater is nearer) as NPY and 16-bit PNG, in colours, and a 3D
    photo to look around in. Of a video steady depth: a 16-bit PNG for each frame, and both side by side as MP4.
    Exit status: 0; 1 if pictures were skipped; 2 for bad input.
    """
    call("depth", options)


COMMANDS = (train, export, quantise, depth)
