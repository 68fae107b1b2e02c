"""The latency of an exported file, beside what the search predicted for it."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from launch.deploy.exports import latency
from launch.deploy.subject.shipped import Shipped
from nas.lowering.torch_module import build, fold, parameters
from tests.experiments.tiny import SPACE

pytest.importorskip("onnxruntime", reason="pip install 'chamnas[onnx]'")

FOUND = {"input": [3, 16, 16], "resources": {"latency_ms.onnx": {"unit": "ms", "predicted": 0.25, "measured": 0.3}}}


@pytest.fixture(autouse=True)
def no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("WARM_UP_S", "TIMING_S"):
        monkeypatch.setattr(latency, name, 0.0)


def shipped() -> Shipped:
    torch.manual_seed(0)
    folded = fold(build(SPACE.lower(SPACE.reference("published"))))
    return Shipped(folded=folded, source=Path(), reads=(), found=FOUND)


def onnx_content(network: Shipped) -> bytes:
    from nas.lowering.onnx import onnx_model

    folded = network.folded
    content: bytes = onnx_model(folded.network, int8=False, parameters=parameters(folded)).SerializeToString()
    return content


def test_it_is_timed_beside_the_tables_prediction_for_that_device_and_size() -> None:
    network = shipped()
    found = latency.measured("onnx", onnx_content(network), network.folded.network, network, int8=False)
    assert 0 < found["quickest_ms"] <= found["median_ms"]
    assert (found["runs"], found["threads"], found["device"]) == (latency.LEAST_RUNS, 1, "onnx")
    assert found["predicted_ms"] == 0.25
    as_int8 = latency.measured("onnx", onnx_content(network), network.folded.network, network, int8=True)
    assert (as_int8["device"], as_int8["predicted_ms"]) == ("onnx_int8", None)
    larger = replace(network, found={**FOUND, "input": [3, 32, 32]})
    elsewhere = latency.measured("onnx", onnx_content(network), network.folded.network, larger, int8=False)
    assert elsewhere["predicted_ms"] is None


def test_a_busy_machine_is_called_so() -> None:
    quiet = {"quickest_ms": 2.0, "median_ms": 2.1, "runs": 9, "predicted_ms": 1.5}
    assert latency.told(quiet) == (
        "2.000 ms on one thread, the quickest of 9 runs (the median is 5% above: the machine was quiet); "
        "the search predicted 1.500 ms"
    )
    busy = latency.told({**quiet, "median_ms": 3.0, "predicted_ms": None})
    assert busy.endswith("(the median is 50% above: the machine was busy)")
