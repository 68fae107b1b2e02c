"""The latency tables of a run: from its folder, as given, kept from an earlier run on this machine, or timed now.

A table is kept for other runs only if the machine was quiet while it was made, and one that was kept is believed only
after a few of its networks, timed again, have taken what they took then. A poor table serves the run that made it, and
no other: the same command given again times anew.

A search times a part of the operators, those of architectures within the limits first, and whole networks of that kind:
the margin is then that of what will be chosen, and timing takes a minute. `nas profile` times every operator.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType

import numpy as np
from jaxtyping import Int8

from launch.experiment import Experiment
from launch.pricing import price
from launch.session.folder import FolderError, RunFolder
from launch.session.latency import read_for
from launch.terminal import Progress, duration
from nas.costs import resource_name
from nas.devices import Device
from nas.feasible import FeasibleSet
from nas.latency import LatencyTable, TableError, read, write
from nas.latency.noise import TO_KEEP, disturbances, drift, noise
from nas.latency.profile import NUM_NETWORKS, Forecast, profile, slowdown
from nas.space import Space
from nas.space.variants import operators

NUM_TIMED = 600
"""Operators at most; the others are predicted from them."""
AGREES = 0.15
"""How much slower or quicker a kept table's networks may run now before it is timed again."""
VERSION = 3  # of how a search times: tables of another are not looked at


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """The part of a space in which a search will choose. `name` identifies it; `draw` is None for the whole space."""

    name: str = "the whole space"
    feasible: FeasibleSet | None = field(default=None, repr=False)

    def draw(self, n: int, rng: np.random.Generator) -> Int8[np.ndarray, "n d"]:
        """Every other architecture spread over the limited cost, the others uniform."""
        assert self.feasible is not None
        drawn = self.feasible.sample_spread(n, rng)
        drawn[1::2] = self.feasible.sample(n // 2, rng)
        return drawn


def region(experiment: Experiment, limits: Sequence[str]) -> Region:
    """What the limits leave that no latency is needed for.

    Raises:
      LimitError, InfeasibleError: see `Pricing`.
    """
    pricing = price(experiment.space, experiment.resources, baseline=experiment.baseline)
    counted = [pricing.limit(text) for text in limits if resource_name(text) in pricing.tables]
    if not counted:
        return Region()
    name = "; ".join(f"{one.resource} {one.relation} {one.bound:.10g}" for one in counted)
    return Region(name=name, feasible=pricing.feasible(counted, seed=0))


def latency_tables(
    experiment: Experiment,
    folder: RunFolder,
    cache: Path,
    seed: int,
    progress: Progress,
    given: Mapping[str, Path] = MappingProxyType({}),
    *,
    limits: Sequence[str] = (),
    again: bool = False,
) -> list[LatencyTable]:
    """A table for each of the experiment's devices.

    Args:
      limits: as texts; they say which part of the space matters.
      again: do not take one that an earlier run has kept.

    Raises:
      TableError: a table cannot be read, or was made for another space or another input size.
      TimingError: a device failed or dropped out; the same command continues.
      FolderError: one is to be timed again, but the run's figures rest on it.
    """
    tables = []
    for device in experiment.devices:
        own = folder.latency_table(device.key)
        if again and folder.started:
            raise FolderError(
                f"the figures of the run {folder.path} rest on its table {own}, which cannot be timed again; "
                "leave out --profile-again, or give --out a new folder"
            )
        if own.exists() and not _covers(own, experiment.space):
            progress.say(f"{own} lacks operators of the space's new options and is made anew")
            own.replace(own.with_name(f"{own.name}.before"))
        if not own.exists() and device.key in given:
            write(read_for(experiment.space, given[device.key]), own)
        elif not own.exists():
            profiler = Profiler(
                space=experiment.space,
                device=device,
                region=region(experiment, limits),
                cache=cache,
                seed=seed,
                progress=progress,
            )
            write(profiler.table(again=again), own)
        tables.append(read(own))
    return tables


def _covers(path: Path, space: Space) -> bool:
    """Whether a table that fitted when the run began still does: the space may have got options since."""
    table = read(path)
    try:
        table.check_covers(operators(space))
    except TableError:
        return False
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Profiler:
    """Times a device for a search, or finds what an earlier one has kept."""

    space: Space
    device: Device
    region: Region
    cache: Path
    seed: int
    progress: Progress

    @property
    def kept(self) -> Path:
        """A table is good for one part of one space at one input size on one machine with one set of versions."""
        space = (self.space.stages, self.space.input, self.region.name)
        identity = repr((VERSION, space, sorted(self.device.describe().items())))
        return self.cache / "latency" / f"{self.device.key}-{sha256(identity.encode()).hexdigest()[:16]}.json"

    def table(self, *, again: bool) -> LatencyTable:
        if not again and (found := self._earlier()) is not None:
            return found
        table = self._timed()
        reasons = disturbances(table, TO_KEEP)
        if reasons:
            self.kept.unlink(missing_ok=True)
        else:
            write(table, self.kept)
        self._log.unlink()
        self.progress.say(made_text(table, self.kept, reasons))
        return table

    def _earlier(self) -> LatencyTable | None:
        """One that was kept and still agrees with this machine."""
        if not self.kept.exists():
            return None
        table, name = read(self.kept), f"latency_ms.{self.device.key}"
        self.progress.say(f"{name}: an earlier run's table is there ({self.kept}); timing a few of its networks again")
        ratio = slowdown(self.space, self.device, table)
        if 1 / (1 + AGREES) <= ratio <= 1 + AGREES:
            self.progress.say(f"{name}: they take {ratio:.2f} times what they took then; the table is used")
            return table
        self.progress.say(f"{name}: they take {ratio:.2f} times what they took then; the table is made anew")
        return None

    def _timed(self) -> LatencyTable:
        self._log.parent.mkdir(parents=True, exist_ok=True)
        return profile(
            self.space,
            self.device,
            np.random.default_rng((self.seed, 1)),
            progress=lambda done, total: self.progress.step(f"timing {self.device.key}", done, total),
            announce=lambda forecast: self.progress.say(forecast_text(self.device.key, forecast)),
            log=self._log,
            most=NUM_TIMED,
            draw=self.region.draw if self.region.feasible is not None else None,
        )

    @property
    def _log(self) -> Path:
        return self.kept.with_suffix(".log")


def forecast_text(device: str, forecast: Forecast) -> str:
    """How much there is to time and, once that is known, how long it will take."""
    if forecast.seconds is not None:
        return f"timing {device}: the operators will take about {duration(forecast.seconds)}, whole networks come after"
    guessed = forecast.num_distinct - forecast.num_to_time
    rest = f"; the other {guessed:,} will be predicted" if guessed else ""
    before = f"; {forecast.num_timed_before:,} of them are timed already" if forecast.num_timed_before else ""
    return (
        f"timing {device}: {forecast.num_distinct:,} distinct operators, of which {forecast.num_to_time:,} are timed"
        f"{before}{rest}; and {NUM_NETWORKS} whole networks, before and after them"
    )


def made_text(table: LatencyTable, kept: Path, reasons: Sequence[str]) -> str:
    """What a table that has just been made is worth, and where it is kept, or why it is not."""
    worth = (
        f"latency_ms.{table.device}: operators known to within {noise(table):.1%}, drift {drift(table):+.1%}, limits "
        f"need a margin of {table.margin:.1%}"
    )
    if not reasons:
        return f"{worth}; kept for other runs in {kept}"
    return f"{worth}; not kept for other runs, because {noisy_text(reasons)}"


def noisy_text(reasons: Sequence[str]) -> str:
    return f"this machine was not quiet: {', '.join(reasons)}; stop what else runs here to time it better"
