"""A network in int8 in every format: close to the converted graph, in integers alone, and the graph that is timed."""

from collections import Counter
from typing import Any

import numpy as np
import pytest
import torch
from torch import fx

from nas.deploy.formats.exported import Picture, signal_to_noise_db
from nas.devices.runtimes.executorch import load_module
from nas.lowering.torch_module import BuiltNetwork
from nas.space import INPUT, Conv
from tests.nas.deploy.formats.test_formats import NEAREST, picture

pytest.importorskip("executorch", reason="pip install 'chamnas[executorch]'")
pytest.importorskip("onnxruntime", reason="pip install 'chamnas[onnx]'")
pytestmark = pytest.mark.slow

FOLDED: BuiltNetwork = NEAREST
PICTURE: Picture = picture(FOLDED.network)


@pytest.fixture(scope="module")
def graph() -> fx.GraphModule:
    """The network in int8, its ranges learned from noise."""
    quantised = load_module("nas.deploy.quantised")
    prepared = quantised.prepare(FOLDED)
    quantised.calibrate(prepared, [torch.rand(8, *FOLDED.network.input)])
    converted: fx.GraphModule = quantised.converted(prepared)
    return converted


def wanted(graph: fx.GraphModule) -> np.ndarray:
    with torch.inference_mode():
        answer: np.ndarray = graph(torch.from_numpy(PICTURE)).numpy()
    return answer


def test_the_graph_keeps_no_weights_but_the_integers(graph: fx.GraphModule) -> None:
    kept = {name for name, value in graph.state_dict().items() if value.is_floating_point() and value.ndim > 1}
    assert kept == set()


def test_its_numbers_are_the_networks_up_to_rounding(graph: fx.GraphModule) -> None:
    integers = load_module("nas.deploy.integers")
    constants = integers.int8_constants(graph, FOLDED.network)
    exact = load_module("nas.lowering.torch_module").parameters(FOLDED)
    assert constants.layers.keys() == exact.keys()
    for name, (weight, bias) in exact.items():
        layer = constants.layers[name]
        steps = layer.steps.reshape(-1, *[1] * (weight.ndim - 1))
        assert np.abs(layer.weight * steps - weight).max() <= 0.51 * steps.max()
        assert np.array_equal(layer.bias, bias)
    rectified = {node.name for node in FOLDED.network.nodes if getattr(node.op, "activation", "none") != "none"}
    assert {name for name in rectified if constants.scales[name].zero != -128} == set()
    assert INPUT in constants.scales


def test_a_foreign_graph_is_refused(graph: fx.GraphModule) -> None:
    integers = load_module("nas.deploy.integers")
    other = load_module("tests.nas.deploy.formats.test_formats").classifier()
    with pytest.raises(ValueError, match="quantise it anew"):
        integers.int8_constants(graph, other)


def test_the_onnx_file_answers_as_the_graph_does_and_is_the_graph_that_devices_time(graph: fx.GraphModule) -> None:
    import onnx

    from nas.devices.runtimes.onnx_session import optimise
    from nas.lowering.onnx import onnx_model

    exported = load_module("nas.deploy.formats.onnx").export_graph(graph, FOLDED.network)
    assert signal_to_noise_db(exported.run(PICTURE), wanted(graph)) > 20
    models = onnx.load_model_from_string(exported.content), onnx_model(FOLDED.network, int8=True)
    kept, timed = ([(node.op_type, *node.output) for node in one.graph.node] for one in models)
    assert kept == timed
    kinds, timed_kinds = (Counter(node.op_type for node in optimise(one).graph.node) for one in models)
    assert kinds == timed_kinds
    assert kinds["QLinearConv"] == sum(isinstance(node.op, Conv) for node in FOLDED.network.nodes)


def test_a_phones_program_has_the_nodes_that_devices_time(
    graph: fx.GraphModule, monkeypatch: pytest.MonkeyPatch
) -> None:
    preprocess = load_module("executorch.backends.xnnpack.xnnpack_preprocess")
    writer = load_module("nas.lowering.xnnpack")
    graphs: list[list[Any]] = []
    made = writer.serialize_xnnpack_binary

    def noted(one: Any, *more: Any) -> Any:
        graphs.append([(type(node.xnode_union).__name__, node.output_min_max) for node in one.xnodes])
        return made(one, *more)

    for module in (preprocess, writer):
        monkeypatch.setattr(module, "serialize_xnnpack_binary", noted)
    exported = load_module("nas.deploy.formats.executorch").export_graph(graph, FOLDED.network)
    load_module("nas.lowering.executorch").network_program(FOLDED.network, int8=True)
    assert graphs[0] == graphs[1] and len(graphs[0]) > 8
    assert signal_to_noise_db(exported.run(PICTURE), wanted(graph)) > 20
