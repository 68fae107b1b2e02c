"""ONNX Runtime: what an operator is cut down to, and what the device says of itself."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from nas.devices import onnx, onnx_int8
from nas.space import Add, Conv, Operator, Shape, Upsample
from tests.experiments.tiny import SPACE

pytest.importorskip("onnx", reason="pip install 'chamnas[onnx]'")
pytest.importorskip("onnxruntime", reason="pip install 'chamnas[onnx]'")

from nas.devices.runtimes.onnx_cut import cut_out
from nas.devices.runtimes.onnx_session import Loaded, open_session, optimise
from nas.lowering.onnx import onnx_model

ENDS = {"QuantizeLinear", "DequantizeLinear", "Transpose"}  # what a network's graph has at its two ends


def kinds(op: Operator, *, int8: bool) -> list[str]:
    return [node.op_type for node in cut_out(op, int8=int8).model.graph.node]


def test_an_operator_is_cut_down_to_what_a_network_executes_of_it() -> None:
    wide = Conv(input=Shape(32, 8, 8), width=32, kernel=1, activation="relu")
    assert kinds(wide, int8=False) in (["Conv"], ["FusedConv"])  # blocked or, where a processor has no such layout, not
    assert kinds(wide, int8=True) == ["QLinearConv"]
    assert kinds(Add(input=Shape(32, 8, 8)), int8=False) == ["Add"]
    assert kinds(Add(input=Shape(32, 8, 8)), int8=True) == ["QLinearAdd"]
    assert kinds(Upsample(input=Shape(32, 8, 8), mode="nearest"), int8=True) == ["Resize"]


def test_tensors_reach_it_as_in_a_network() -> None:
    (tensor,) = cut_out(Conv(input=Shape(32, 8, 8), width=16, kernel=1), int8=True).inputs.values()
    assert tensor.dtype == np.uint8 and tensor.size == 32 * 8 * 8
    assert len(cut_out(Add(input=Shape(32, 8, 8)), int8=False).inputs) == 2


def test_in_int8_the_operators_of_a_network_are_all_that_it_executes() -> None:
    network = SPACE.lower(SPACE.reference("published"))
    whole = Counter(node.op_type for node in optimise(onnx_model(network, int8=True)).graph.node)
    parts = Counter(kind for node in network.nodes for kind in kinds(node.op, int8=True))
    for end in ENDS:
        del whole[end], parts[end]
    assert whole == parts


def test_no_time_is_zero() -> None:
    model = onnx_model(SPACE.lower(SPACE.reference("published")), int8=False)
    image = np.zeros((1, *SPACE.input), np.float32)
    assert 0 < Loaded(open_session(model, 1, optimised=True), {"input": image}, overhead_ms=1e6).run_ms() < 1e-3


def test_it_describes_what_a_timing_depends_on() -> None:
    exact, rounded = onnx.DEVICE.describe(), onnx_int8.DEVICE.describe()
    assert exact["precision"] == "float32" and rounded["precision"].startswith("int8")
    assert "onnxruntime" in exact["runtime"] and exact["processor"]
    assert replace(onnx.DEVICE, num_threads=2).describe()["threads"] == "2"
