"""What every file in `nas/devices/` that exports a device promises."""

import math
import pickle

import pytest

from nas.devices.device import Device
from nas.ops import Add, Conv, GlobalPool, Linear, Operator, Shape, Upsample
from nas.plugins import DEVICES
from tests.experiments.tiny import SPACE

OPERATORS: tuple[Operator, ...] = (
    Conv(input=Shape(4, 8, 8), width=6, kernel=3, stride=2, activation="relu"),
    Conv(input=Shape(4, 8, 8), width=4, kernel=3, groups=4),
    Upsample(input=Shape(4, 4, 4), mode="nearest"),
    Upsample(input=Shape(4, 4, 4), mode="bilinear"),
    Add(input=Shape(4, 8, 8)),
    Conv(input=Shape(4, 8, 8), width=6, kernel=1, activation="relu6"),
    GlobalPool(input=Shape(4, 8, 8)),
    Linear(input=Shape(4, 1, 1), width=3),
)


@pytest.fixture(params=DEVICES.keys())
def device(request: pytest.FixtureRequest) -> Device:
    loaded = DEVICES.load(request.param)
    assert isinstance(loaded, Device)
    assert loaded.key == request.param
    return loaded


def test_every_operator_of_the_vocabulary_takes_some_time(device: Device) -> None:
    for op in OPERATORS:
        time_ms = device.load_operator(op).run_ms()
        assert math.isfinite(time_ms) and time_ms > 0


def test_a_whole_network_takes_some_time_again_and_again(device: Device) -> None:
    timed = device.load_network(SPACE.lower(SPACE.reference("published")))
    assert all(math.isfinite(timed.run_ms()) and timed.run_ms() > 0 for _ in range(3))


def test_it_says_what_it_is_in_texts(device: Device) -> None:
    described = device.describe()
    assert described and all(isinstance(value, str) and value for value in described.values())
    assert described == device.describe()


def test_it_travels(device: Device) -> None:
    assert pickle.loads(pickle.dumps(device)).key == device.key
