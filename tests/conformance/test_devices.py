"""What every file in `nas/devices/` that exports a device promises."""

import importlib.util
import math
import pickle
import shutil
import subprocess
import sys

import pytest
import torch

from nas.devices import Device
from nas.plugins import DEVICES
from nas.space import Add, Conv, GlobalPool, Linear, Operator, Shape, Upsample
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


# What a device needs beside our own dependencies: a module, or something that we cannot install.
NEEDS = {"onnx": "onnxruntime", "onnx_int8": "onnxruntime", "executorch": "executorch", "executorch_int8": "executorch"}


def missing(key: str) -> str | None:
    if key == "cuda":
        return None if torch.cuda.is_available() else "no GPU here"
    if key == "android":
        return None if shutil.which("adb") else "no adb here"
    needs = NEEDS.get(key)
    return f"{needs} is not installed" if needs and importlib.util.find_spec(needs) is None else None


@pytest.fixture(params=DEVICES.keys())
def device(request: pytest.FixtureRequest) -> Device:
    if reason := missing(request.param):
        pytest.skip(reason)
    loaded = DEVICES.load(request.param)
    assert isinstance(loaded, Device)
    assert loaded.key == request.param
    return loaded


@pytest.mark.slow
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


@pytest.mark.slow
def test_it_is_imported_without_what_it_may_lack() -> None:
    """A device is listed, and says what it needs, where its library is not installed: only loading imports that."""
    heavy = sorted({"onnx", *NEEDS.values()})
    code = (
        "import sys\nfrom nas.plugins import DEVICES\n"
        "for key in DEVICES.keys(): assert DEVICES.load(key).key == key\n"
        f"sys.exit(str([name for name in {heavy} if name in sys.modules] or 0))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == "0", done.stderr


@pytest.mark.slow
def test_a_library_that_is_not_installed_is_named_with_its_cure() -> None:
    """In a process of its own, in which the libraries cannot be imported."""
    code = (
        f"import sys\nsys.modules.update(dict.fromkeys({sorted({'onnx', *NEEDS.values()})}))\n"
        "from nas.plugins import DEVICES\nfrom nas.space import Add, Shape\n"
        f"for key in {sorted(NEEDS)}:\n"
        "  try: DEVICES.load(key).load_operator(Add(input=Shape(4, 8, 8)))\n"
        "  except ValueError as error: print(key, error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    for key, line in zip(sorted(NEEDS), done.stdout.splitlines(), strict=True):
        extra = key.removesuffix("_int8")
        assert line.startswith(
            f"{key} this device needs {extra}, which is not installed: pip install 'chamnas[{extra}]'"
        )
