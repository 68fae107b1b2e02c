"""Every format: what its own runtime answers is what the network answers."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from nas.deploy.formats.exported import Answer, Exported, ExportError, Picture, difference, signal_to_noise_db
from nas.devices.runtimes.executorch import load_module
from nas.lowering.torch_module import BuiltNetwork, build, fold
from nas.space import Network, Shape, at_size
from search_spaces import mobilenet, tiny

pytest.importorskip("executorch", reason="pip install 'chamnas[executorch]'")
pytest.importorskip("onnxruntime", reason="pip install 'chamnas[onnx]'")

FORMATS = ("pt2", "onnx", pytest.param("executorch", marks=pytest.mark.slow))


def u_net(mode: str) -> Network:
    space = replace(tiny.SPACE, input=Shape(3, 16, 16))
    return space.lower(space.architecture({**tiny.SPACE.references["middle"], "mode": mode, "depth": 1}))


def classifier() -> Network:
    space = replace(mobilenet.SPACE, input=Shape(3, 32, 32))
    return space.lower((0,) * space.num_decisions)


def trained(network: Network) -> BuiltNetwork:
    """A folded network of which no two channels are alike."""
    torch.manual_seed(0)
    module = build(network).train()
    with torch.no_grad():
        module(torch.rand(4, *network.input))
    return fold(module)


NEAREST = trained(u_net("nearest"))
NETWORKS = {"nearest": NEAREST, "bilinear": trained(u_net("bilinear")), "classifier": trained(classifier())}


def export(format: str, folded: BuiltNetwork, *, dynamic: bool = False) -> Exported:
    module: Any = load_module(f"nas.deploy.formats.{format}")
    exported: Exported = module.export(folded, dynamic=dynamic)
    return exported


def picture(network: Network, number: int = 1) -> Picture:
    return np.random.default_rng(0).random((number, *network.input), dtype=np.float32)


def wanted(folded: BuiltNetwork, given: Picture) -> Answer:
    with torch.inference_mode():
        answer: Answer = folded(torch.from_numpy(given)).numpy()
    return answer


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("format", FORMATS)
def test_its_own_runtime_answers_as_the_network_does(format: str, name: str) -> None:
    folded = NETWORKS[name]
    exported, given = export(format, folded), picture(folded.network)
    assert difference(exported.run(given), wanted(folded, given)) < 1e-4
    if format == "executorch":
        assert exported.facts == {"delegates": 1, "operators outside XNNPACK": []}
    assert exported.input.shape == given.shape and exported.output.shape == wanted(folded, given).shape


@pytest.mark.parametrize("format", ["pt2", "onnx"])
def test_one_for_all_sizes_takes_several_pictures_of_any_size(format: str) -> None:
    exported = export(format, NEAREST, dynamic=True)
    assert exported.input.shape == ("batch", 3, "height", "width")
    for height, width, number in ((16, 16, 1), (20, 34, 3)):
        given = picture(at_size(NEAREST.network, height, width), number)
        assert difference(exported.run(given), wanted(NEAREST, given)) < 1e-4


def test_a_phones_program_is_for_one_size() -> None:
    with pytest.raises(ExportError, match="is for one size of picture, got dynamic; give --size HEIGHTxWIDTH"):
        export("executorch", NEAREST, dynamic=True)


def test_the_onnx_file_is_valid_and_is_the_graph_that_devices_time() -> None:
    import onnx

    from nas.lowering.onnx import onnx_model

    model = onnx.load_model_from_string(export("onnx", NEAREST).content)
    onnx.checker.check_model(model, full_check=True)
    timed = onnx_model(NEAREST.network, int8=False)
    kept = [[(node.op_type, *node.input, *node.output) for node in one.graph.node] for one in (model, timed)]
    assert kept[0] == kept[1] and len(kept[0]) > 10


@pytest.mark.parametrize("name", ["nearest", "bilinear"])
@pytest.mark.slow
def test_a_phones_program_has_the_nodes_that_devices_time(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    preprocess = load_module("executorch.backends.xnnpack.xnnpack_preprocess")
    writer = load_module("nas.lowering.xnnpack")
    graphs: list[list[Any]] = []
    made = writer.serialize_xnnpack_binary

    def noted(graph: Any, *more: Any) -> Any:
        graphs.append([(type(node.xnode_union).__name__, node.output_min_max) for node in graph.xnodes])
        return made(graph, *more)

    for module in (preprocess, writer):
        monkeypatch.setattr(module, "serialize_xnnpack_binary", noted)
    export("executorch", NETWORKS[name])
    load_module("nas.lowering.executorch").network_program(NETWORKS[name].network, int8=False)
    exported, timed = graphs
    assert exported == timed and len(timed) > 8


def test_a_wrong_answer_is_seen() -> None:
    answer = np.linspace(0, 2, 16, dtype=np.float32).reshape(1, 1, 4, 4)
    assert difference(answer + np.float32(0.1), answer) == pytest.approx(0.05, rel=1e-4)
    with pytest.raises(ExportError, match=r"and gave \(1, 1, 2, 4\)"):
        difference(answer[:, :, :2], answer)
    with pytest.raises(ExportError, match="finite numbers"):
        difference(answer * np.float32(np.nan), answer)
    noise = np.random.default_rng(0).standard_normal((1, 1, 100, 100)).astype(np.float32)
    assert signal_to_noise_db(noise + 0.1 * noise.transpose(0, 1, 3, 2), noise) == pytest.approx(20, abs=0.2)
    assert signal_to_noise_db(noise, noise) == float("inf")
