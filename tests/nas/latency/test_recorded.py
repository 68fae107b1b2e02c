"""A table's device is the one that describes itself as it did then; else only its record."""

from dataclasses import replace

import pytest

from nas.devices import Device, cpu, fake, with_threads
from nas.latency.fit import Line
from nas.latency.recorded import Recorded, device_of
from nas.latency.table import LatencyTable
from nas.space import Add, Shape
from tests.experiments.tiny import SPACE

TABLE = LatencyTable(device="fake", machine=dict(fake.DEVICE.describe()), entries={}, line=Line(), fit=None, margin=0.1)


def test_a_device_that_is_at_hand_is_found() -> None:
    assert device_of(TABLE) == fake.DEVICE


def test_it_has_the_threads_that_it_had() -> None:
    two = replace(cpu.DEVICE, num_threads=2)
    assert device_of(replace(TABLE, device="cpu", machine=dict(two.describe()))) == two


@pytest.mark.parametrize("changes", [{"device": "phone"}, {"machine": {"runtime": "another formula"}}])
def test_another_device_is_only_a_record(changes: dict[str, object]) -> None:
    device = device_of(replace(TABLE, **changes))
    assert isinstance(device, Recorded) and isinstance(device, Device)
    assert dict(device.describe()) == dict(device.table.machine)
    for load in (lambda: device.load_operator(Add(input=Shape(1, 2, 2))), lambda: device.load_network(_network())):
        with pytest.raises(ValueError, match="is known by its table only; run this where the device is"):
            load()


def _network():
    return SPACE.lower(SPACE.reference("published"))


def test_threads_are_chosen_where_there_are_any() -> None:
    assert with_threads(cpu.DEVICE, 3).describe()["threads"] == "3"
    assert with_threads(cpu.DEVICE, None) is cpu.DEVICE
    with pytest.raises(ValueError, match="device 'fake' has no number of threads to choose; leave out --threads"):
        with_threads(fake.DEVICE, 2)
