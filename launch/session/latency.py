"""Latencies that a command names beside the experiment's own: a device to time here, or a table that is there.

onnx            a device's key, dotted path or .py file: profiled once on this machine
phone.json      a latency table, as `nas profile` writes them: used as it is; the winner is measured if the table's
                device is at hand, and else only predicted
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from launch.experiment import LATENCY, Experiment
from launch.session.folder import RunFolder
from nas.devices import Device, check_key
from nas.latency import LatencyTable, device_of, read
from nas.plugins import DEVICES
from nas.space import Space
from nas.space.variants import operators

SETTING = "latency"  # where experiment.json keeps the references, by the device's key


def is_table(reference: str) -> bool:
    return reference.endswith(".json")


def read_for(space: Space, path: Path) -> LatencyTable:
    """A table that covers the space at its input size.

    Raises:
      TableError: it cannot be read, or was made for another space or another size.
    """
    table = read(path)
    table.check_covers(operators(space))
    return table


def latency_table(space: Space, reference: str) -> LatencyTable:
    """A table where only a table will do, because nothing is to be timed.

    Raises:
      TableError: see `read_for`.
      ValueError: the reference is a device.
    """
    if not is_table(reference):
        raise ValueError(
            f"a latency here is a table, such as phone.json, got {reference!r}; make one with "
            f"`nas profile {space.name} --device {reference} --out {reference}.json`"
        )
    return read_for(space, Path(reference))


def devices_of(space: Space, references: Sequence[str]) -> dict[str, Device]:
    """The devices behind references, by reference.

    Raises:
      TableError: see `read_for`.
      PluginError: there is no such device.
      ValueError: two of them have one key.
    """
    found: dict[str, Device] = {}
    for reference in references:
        device = device_of(read_for(space, Path(reference))) if is_table(reference) else DEVICES.load(reference)
        check_key(device.key)
        if device.key in {other.key for other in found.values()}:
            raise ValueError(f"two latencies are called {device.key!r}; give one of them, or another --device key")
        found[reference] = device
    return found


def named(experiment: Experiment, references: Sequence[str], resources: Sequence[str]) -> tuple[str, ...]:
    """Keys of built-in devices that resources speak of and that neither the experiment nor the command brings."""
    known = {device.key for device in experiment.devices} | set(references)
    wanted = [name.removeprefix(LATENCY) for name in resources if name.startswith(LATENCY)]
    return tuple(dict.fromkeys(key for key in wanted if key in DEVICES.keys() and key not in known))


def record(space: Space, references: Sequence[str], old: Mapping[str, Any]) -> dict[str, str]:
    """References by the device's key, for experiment.json; those of files absolute.

    Args:
      references: as the command gives them; none stands for what the run has.
      old: settings of the run that is continued. What it knows is not looked at again: the file may be gone.

    Raises:
      TableError, PluginError, ValueError: see `devices_of`.
    """
    kept: dict[str, str] = old.get(SETTING, {})
    wanted = [str(Path(name).resolve()) if name.endswith((".json", ".py")) else name for name in references]
    if not wanted or wanted == list(kept.values()):
        return kept
    return {device.key: reference for reference, device in devices_of(space, wanted).items()}


def given_tables(settings: Mapping[str, Any]) -> dict[str, Path]:
    """Files of the tables that a run was started with, by the device's key."""
    return {key: Path(reference) for key, reference in settings.get(SETTING, {}).items() if is_table(reference)}


def tables_at_hand(settings: Mapping[str, Any], folder: RunFolder) -> list[LatencyTable]:
    """The tables that a run was given, the run's own copy first."""
    return [read(_first(folder.latency_table(key), path)) for key, path in given_tables(settings).items()]


def with_latencies(experiment: Experiment, settings: Mapping[str, Any], folder: RunFolder) -> Experiment:
    """The experiment with the run's further devices; one of the same key takes the place of the experiment's own.

    Raises:
      TableError: a table cannot be read; the run's own copy is preferred to the file that was given.
    """
    added = tuple(
        device_of(read(_first(folder.latency_table(key), Path(reference))))
        if is_table(reference)
        else DEVICES.load(reference)
        for key, reference in settings.get(SETTING, {}).items()
    )
    keys = {device.key for device in added}
    own = tuple(device for device in experiment.devices if device.key not in keys)
    return replace(experiment, devices=(*own, *added))


def _first(kept: Path, given: Path) -> Path:
    return kept if kept.exists() else given
