"""ExecuTorch as a device: threads, and what it says of itself."""

from dataclasses import replace

import pytest

from nas.devices import executorch, executorch_int8
from nas.devices.runtimes.executorch import load_module
from nas.space import Conv, Shape

pytest.importorskip("executorch", reason="pip install 'chamnas[executorch]'")

OP = Conv(input=Shape(8, 16, 16), width=8, kernel=3, activation="relu")


def test_it_runs_with_as_many_threads_as_it_is_told() -> None:
    runtime = load_module("executorch.extension.pybindings.portable_lib")
    for num_threads in (2, 1):
        assert replace(executorch.DEVICE, num_threads=num_threads).load_operator(OP).run_ms() > 0
        assert runtime._threadpool_get_thread_count() == num_threads


def test_it_describes_what_a_timing_depends_on() -> None:
    exact, rounded = executorch.DEVICE.describe(), executorch_int8.DEVICE.describe()
    assert exact["precision"] == "float32" and rounded["precision"].startswith("int8")
    assert "XNNPACK" in exact["runtime"] and exact["threads"] == "1" and exact["processor"]
