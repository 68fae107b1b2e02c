"""Before the first trial: latency tables, prices, limits, and the settings of the run. Nothing is trained here."""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType

import numpy as np

from launch.experiment import Experiment
from launch.folder import RunFolder
from launch.latency import read_for
from launch.pricing import price
from launch.progress import Progress, duration
from nas.devices.device import Device
from nas.devices.profile import NOISY, NUM_NETWORKS, Forecast, noise, profile
from nas.devices.table import LatencyTable, TableError, read, write
from nas.limits import parse_limit, resource_name
from nas.space import Space
from nas.variants import operators


def check_limits(experiment: Experiment, texts: Sequence[str]) -> None:
    """Refuse, in a second, limits that no measurement is needed to refuse.

    Raises:
      LimitError: a limit is malformed, or about a resource that the experiment does not have.
      InfeasibleError: no architecture meets the limits; names the smallest.
    """
    pricing = price(experiment.space, experiment.resources, baseline=experiment.baseline)
    measured = {f"latency_ms.{device.key}": "ms" for device in experiment.devices}
    units = measured | {name: pricing.unit(name) for name in pricing.tables}

    def any_cost(reference: str, resource: str) -> float:
        pricing.reference(reference)
        return 1.0

    for text in texts:
        parse_limit(text, units=units, reference_cost=any_cost)
    pricing.feasible([pricing.limit(text) for text in texts if resource_name(text) not in measured], seed=0)


def latency_tables(
    experiment: Experiment,
    folder: RunFolder,
    cache: Path,
    seed: int,
    progress: Progress,
    given: Mapping[str, Path] = MappingProxyType({}),
) -> list[LatencyTable]:
    """The run's tables, from its folder; else as given; else from the cache of this machine; else profiled now.

    Raises:
      TableError: a table cannot be read, or was made for another space or another input size.
      TimingError: a device failed or dropped out; the same command continues.
    """
    tables = []
    for device in experiment.devices:
        kept = folder.latency_table(device.key)
        if kept.exists() and not _covers(kept, experiment.space):
            progress.say(f"{kept} lacks operators of the space's new options and is made anew")
            kept.replace(kept.with_name(f"{kept.name}.before"))
        if not kept.exists() and device.key in given:
            write(read_for(experiment.space, given[device.key]), kept)
        elif not kept.exists():
            write(_cached_table(experiment.space, device, cache, seed, progress), kept)
        tables.append(read(kept))
    return tables


def _covers(path: Path, space: Space) -> bool:
    """Whether a table that fitted when the run began still does: the space may have got options since."""
    table = read(path)
    try:
        table.check_covers(operators(space))
    except TableError:
        return False
    return True


def _cached_table(space: Space, device: Device, cache: Path, seed: int, progress: Progress) -> LatencyTable:
    """A table is good for one space at one input size on one machine with one set of library versions."""
    identity = repr((space.stages, space.input, sorted(device.describe().items())))
    path = cache / "latency" / f"{device.key}-{sha256(identity.encode()).hexdigest()[:16]}.json"
    if path.exists():
        return read(path)
    rng = np.random.default_rng((seed, 1))
    log = path.with_suffix(".log")
    table = profile(
        space,
        device,
        rng,
        progress=lambda done, total: progress.step(f"timing {device.key}", done, total),
        announce=lambda forecast: progress.say(forecast_text(device.key, forecast)),
        log=log,
    )
    write(table, path)
    log.unlink()
    if noise(table) > NOISY:
        progress.say(noise_text(table))
    return table


def forecast_text(device: str, forecast: Forecast) -> str:
    """How much there is to time and, once that is known, how long it will take."""
    if forecast.seconds is not None:
        return f"timing {device}: the operators will take about {duration(forecast.seconds)}, whole networks come after"
    guessed = forecast.num_distinct - forecast.num_to_time
    rest = f"; the other {guessed:,} will be predicted" if guessed else ""
    before = f"; {forecast.num_timed_before:,} of them are timed already" if forecast.num_timed_before else ""
    return (
        f"timing {device}: {forecast.num_distinct:,} distinct operators, of which {forecast.num_to_time:,} are timed"
        f"{before}{rest}; then {NUM_NETWORKS} whole networks"
    )


def noise_text(table: LatencyTable) -> str:
    return (
        f"this machine is too noisy to time well: an operator's median is known to within {noise(table):.0%} of "
        f"itself, and {NOISY:.0%} would do; stop what else runs here and profile again"
    )
