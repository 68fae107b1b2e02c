"""Options that several verbs of the command take, by themselves and in groups."""

from collections.abc import Callable
from pathlib import Path

import click

hours_type = click.FloatRange(0, min_open=True)
run_argument = click.argument("run", type=click.Path(path_type=Path))
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
limit_option = click.option(
    "--limit",
    "limits",
    multiple=True,
    metavar="EXPR",
    help='Such as "macs <= 2e9", "latency_ms.cpu <= 0.5 * baseline" or "my_resource.py:energy_mj <= 3".',
)
latency_option = click.option(
    "--latency",
    "latencies",
    multiple=True,
    metavar="DEVICE|TABLE",
    help="A device to profile here, or a table that `nas profile` wrote: gives the resource latency_ms.<device>.",
)
cache_option = click.option(
    "--cache",
    type=click.Path(path_type=Path),
    help="Folder for rendered data and latency tables. [default: user cache]",
)


_DATA_OPTIONS = (
    click.option(
        "--data",
        multiple=True,
        metavar="[READER:]PATH[:WEIGHT]",
        help="Your own data set, in a format of `nas list readers`; several are mixed by their weights. "
        "[default: the experiment's]",
    ),
    click.option(
        "--depth-is",
        type=click.Choice(["depth", "disparity"]),
        help="What your own depth files hold; disparity is greater where it is nearer. [default: depth]",
    ),
    click.option(
        "--depth-invalid",
        type=float,
        multiple=True,
        metavar="VALUE",
        help="Marks pixels without depth, such as 65535. [default: 0, negative numbers, NaN and infinity do]",
    ),
    click.option(
        "--depth-valid",
        type=float,
        multiple=True,
        metavar="VALUE",
        help="Is real depth, though so many pixels have it that it looks like a mark.",
    ),
)


def data_options(verb: Callable[..., None]) -> Callable[..., None]:
    """The options that say which data to read, and what the numbers in depth files mean."""
    for option in reversed(_DATA_OPTIONS):
        verb = option(verb)
    return verb


_EXECUTION_OPTIONS = (
    click.option("--executor", type=click.Choice(["ray", "serial"]), default="ray", show_default=True),
    click.option(
        "--address", metavar="ADDR", help="Of a running Ray cluster. [default: a Ray of its own, on this machine]"
    ),
    click.option("--workers", type=click.IntRange(1), help="Trials at once. [default: as many as there is room for]"),
    click.option("--cpus-per-trial", type=float, default=1.0, show_default=True, metavar="N", help="0.5 for a half."),
    click.option("--gpus-per-trial", type=float, default=0.0, show_default=True, metavar="N", help="0.5, 1, 2, .."),
    click.option("--memory-per-trial", metavar="SIZE", help="Main memory to set aside, such as 4GB. [default: none]"),
    click.option(
        "--retries", type=click.IntRange(0), default=2, show_default=True, help="Of a trial that lost its worker."
    ),
    click.option("--trial-timeout", metavar="TIME", help="Such as 90s, 30min or 2h; for each attempt. [default: none]"),
    click.option("--hours", type=hours_type, metavar="H", help="Wall-clock of this command, finals included."),
    click.option(
        "--gpu-hours", type=hours_type, metavar="H", help="GPUs of the run's trials x their time, finals included."
    ),
    click.option("--cpu-hours", type=hours_type, metavar="H", help="The same for CPUs."),
    click.option(
        "--checkpoints",
        metavar="URL",
        help="Folder or URL (s3://..) for trainings that are cut short. [default: the run folder; none with --address]",
    ),
    cache_option,
)


def execution_options(verb: Callable[..., None]) -> Callable[..., None]:
    """The options that say where and how trainings are run, and what they may spend."""
    for option in reversed(_EXECUTION_OPTIONS):
        verb = option(verb)
    return verb


_WORKER_OPTIONS = (
    click.option(
        "--workers",
        type=click.IntRange(1),
        metavar="N",
        help="Train on N workers of a Ray cluster, by Ray Train. [default: in this process]",
    ),
    click.option(
        "--address", metavar="ADDR", help="Of a running Ray cluster. [default: a Ray of its own, on this machine]"
    ),
    click.option("--cpus-per-worker", type=float, default=1.0, show_default=True, metavar="N"),
    click.option(
        "--gpus-per-worker", type=click.IntRange(0, 1), metavar="0|1", help="[default: 1 if the cluster has GPUs]"
    ),
    click.option("--memory-per-worker", metavar="SIZE", help="Main memory to set aside, such as 4GB. [default: none]"),
    click.option(
        "--retries",
        type=click.IntRange(0),
        default=2,
        show_default=True,
        help="How often the training goes on after workers were lost.",
    ),
)


def foreign_options(prefix: str, *, whose: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """What somebody else's depth network wants and gives (`nas.deploy.foreign`), as PREFIXwants and PREFIXgives."""
    wants = click.option(
        f"{prefix}wants",
        type=click.Choice(["unit", "imagenet"]),
        default="unit",
        show_default=True,
        help=f"What {whose} is given: RGB in [0, 1], or that by ImageNet's mean and deviation.",
    )
    gives = click.option(
        f"{prefix}gives",
        type=click.Choice(["log-disparity", "disparity", "depth"]),
        default="log-disparity",
        show_default=True,
        help=f"What {whose} answers; up to a scale and a shift.",
    )
    return lambda verb: wants(gives(verb))


def worker_options(verb: Callable[..., None]) -> Callable[..., None]:
    """The options that say on how many workers one training runs, where, and what each takes."""
    for option in reversed(_WORKER_OPTIONS):
        verb = option(verb)
    return verb
