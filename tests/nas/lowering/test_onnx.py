"""ONNX graphs: torch's answer in float32, close to it in int8, and nothing left in float there."""

from collections import Counter

import numpy as np
import pytest
import torch

from nas.lowering.torch_module import build, fold, parameters
from nas.space import Conv, Network
from tests.nas.lowering.networks import NETWORKS
from tests.nas.unheard import unheard_network

onnx = pytest.importorskip("onnx", reason="pip install 'chamnas[onnx]'")
onnxruntime = pytest.importorskip("onnxruntime", reason="pip install 'chamnas[onnx]'")

from nas.devices.runtimes.onnx_session import open_session, optimise  # noqa: E402  # they import onnx
from nas.lowering.onnx import onnx_model  # noqa: E402


def answer(model: "onnx.ModelProto", image: np.ndarray) -> np.ndarray:
    (output,) = open_session(model, 1, optimised=True).run(None, {"input": image})
    return np.asarray(output)


def picture(network: Network) -> np.ndarray:
    return np.random.default_rng(0).random((1, *network.input), np.float32)


@pytest.mark.parametrize("name", NETWORKS)
def test_given_torchs_weights_it_gives_torchs_answer(name: str) -> None:
    network = NETWORKS[name]
    torch.manual_seed(0)
    module = build(network).train()
    with torch.no_grad():
        module(torch.rand(4, *network.input))  # gives the batch norms statistics of their own
    folded = fold(module)
    with torch.no_grad():
        wanted = folded(torch.from_numpy(picture(network))).numpy()
    given = answer(onnx_model(network, int8=False, parameters=parameters(folded)), picture(network))
    assert given.shape == wanted.shape
    assert np.abs(given - wanted).max() <= 1e-4 * max(1.0, np.abs(wanted).max())


@pytest.mark.parametrize("name", NETWORKS)
def test_int8_is_the_same_function_up_to_rounding(name: str) -> None:
    network = NETWORKS[name]
    exact, rounded = (answer(onnx_model(network, int8=int8), picture(network)) for int8 in (False, True))
    assert np.corrcoef(exact.ravel(), rounded.ravel())[0, 1] > 0.9
    assert len(np.unique(rounded)) > 10 and rounded.std() > 0.5 * exact.std()


@pytest.mark.parametrize("name", NETWORKS)
def test_the_runtime_computes_int8_in_integers(name: str) -> None:
    network = NETWORKS[name]
    kinds = Counter(node.op_type for node in optimise(onnx_model(network, int8=True)).graph.node)
    assert kinds["QLinearConv"] == sum(isinstance(node.op, Conv) for node in network.nodes)
    assert not {"Conv", "FusedConv", "Add", "Relu", "Clip", "Gemm", "GlobalAveragePool"} & set(kinds)
    resizing = 2 * kinds["Resize"] if name == "bilinear" else 0  # the runtime interpolates in float32
    assert kinds["QuantizeLinear"] + kinds["DequantizeLinear"] == 2 + resizing


@pytest.mark.parametrize("int8", [False, True])
def test_weights_are_the_same_every_time(int8: bool) -> None:
    first, second = (onnx_model(NETWORKS["nearest"], int8=int8).SerializeToString() for _ in range(2))
    assert first == second


def test_an_unknown_operator_is_named() -> None:
    with pytest.raises(ValueError, match=r"operator Unheard has no ONNX form; add it to nas\.lowering\.onnx"):
        onnx_model(unheard_network(), int8=False)
