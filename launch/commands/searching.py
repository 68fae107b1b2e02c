"""Commands that search, and that search again what a run has learned."""

from pathlib import Path
from typing import Any

import click

from launch.commands.call import call
from launch.options import data_options, execution_options, json_option, latency_option, limit_option, run_argument


@click.command()
@click.argument("experiment")
@click.option("--out", "run", type=click.Path(path_type=Path), required=True, help="Run folder; a run there continues.")
@limit_option
@execution_options
@click.option("--trials", type=click.IntRange(1), help="Search trials in all; more extends a finished run.")
@click.option(
    "--rung",
    "rungs",
    type=click.IntRange(0),
    multiple=True,
    metavar="N",
    help="Train first for so much less; 0: score by shared weights. [default: the experiment's]",
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
    "--final-seeds",
    type=click.IntRange(1),
    metavar="N",
    help="Trainings of each final; the means decide. [default: the experiment's, else 1]",
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
    call("search", options)


@click.command()
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
    call("select", options)


@click.command()
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
    call("merge", options)


COMMANDS = (search, select, merge)
