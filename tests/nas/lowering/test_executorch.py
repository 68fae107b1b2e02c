"""ExecuTorch programs: torch's answer in float32, close to it in int8, and cut where ExecuTorch's lowering cuts."""

import warnings
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
import torch

from nas.devices.runtimes.executorch import load_module
from nas.lowering.random_weights import Parameters
from nas.lowering.torch_module import build, fold, module_name
from nas.space import INPUT, Add, Conv, Linear, Network, Node, Shape, Upsample
from search_spaces import mobilenet, tiefenrausch

pytest.importorskip("executorch", reason="pip install 'chamnas[executorch]'")


def small_unet(mode: str) -> Network:
    space = tiefenrausch.SPACE
    stages = tuple(replace(stage, upsample=mode) if stage.upsample == "nearest" else stage for stage in space.stages)
    return replace(space, input=Shape(3, 64, 32), stages=stages).lower((0,) * space.num_decisions)


def small_classifier() -> Network:
    space = replace(mobilenet.SPACE, input=Shape(3, 64, 32))
    return space.lower((0,) * space.num_decisions)


NETWORKS = {"nearest": small_unet("nearest"), "bilinear": small_unet("bilinear"), "classifier": small_classifier()}


def graphs() -> Any:
    return load_module("nas.lowering.executorch")


def answer(program: bytes, image: torch.Tensor) -> np.ndarray:
    runtime = load_module("executorch.extension.pybindings.portable_lib")
    (output,) = runtime._load_for_executorch_from_buffer(program).run_method("forward", [image])
    return np.asarray(output.numpy())


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.slow
def test_given_torchs_weights_it_gives_torchs_answer(name: str) -> None:
    network = NETWORKS[name]
    torch.manual_seed(0)
    module = build(network).train()
    with torch.no_grad():
        module(torch.rand(4, *network.input))  # gives the batch norms statistics of their own
    folded = fold(module)
    parameters: dict[str, Parameters] = {}
    for node in network.nodes:
        if isinstance(node.op, Conv | Linear):
            layer = folded.layers[module_name(node)][1 if isinstance(node.op, Linear) else 0]  # type: ignore[index]
            parameters[node.name] = (layer.weight.detach().numpy(), layer.bias.detach().numpy())
    image = torch.rand(1, *network.input)
    with torch.no_grad():
        wanted = folded(image).numpy()
    given = answer(graphs().network_program(network, int8=False, parameters=parameters), image)
    assert given.shape == wanted.shape
    assert np.abs(given - wanted).max() <= 1e-4 * max(1.0, np.abs(wanted).max())


@pytest.mark.parametrize("name", NETWORKS)
def test_int8_is_the_same_function_up_to_rounding(name: str) -> None:
    network = NETWORKS[name]
    image = torch.rand(1, *network.input, generator=torch.Generator().manual_seed(0))
    exact, rounded = (answer(graphs().network_program(network, int8=int8), image) for int8 in (False, True))
    assert np.corrcoef(exact.ravel(), rounded.ravel())[0, 1] > 0.9
    assert len(np.unique(rounded)) > 10 and rounded.std() > 0.5 * exact.std()


def test_a_lone_operator_computes_on_the_layout_inside_a_delegate() -> None:
    op = Conv(input=Shape(6, 5, 7), width=6, kernel=3, stride=2, groups=6, activation="relu")
    image = torch.rand(1, 6, 5, 7)
    weight, bias = load_module("nas.lowering.random_weights").drawn(op, np.random.default_rng(0))
    wanted = torch.nn.functional.conv2d(image, torch.from_numpy(weight), torch.from_numpy(bias), 2, 1, groups=6).relu()
    given = answer(graphs().operator_program(op, int8=False), image.permute(0, 2, 3, 1).contiguous())
    assert np.allclose(given.transpose(0, 3, 1, 2), wanted.numpy(), atol=1e-5)


SHAPE = Shape(4, 8, 8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unheard:
    input: Shape = SHAPE
    output: Shape = SHAPE
    macs: int = 0
    num_weights: int = 0
    num_biases: int = 0
    key: str = "unheard"


def test_an_unknown_operator_is_named() -> None:
    with pytest.raises(ValueError, match=r"operator Unheard has no XNNPACK form; add it to nas\.lowering\.xnnpack"):
        graphs().operator_program(Unheard(), int8=False)


def with_a_skip() -> Network:
    """A network whose skip connection goes around a nearest upsampling."""
    image, half = Shape(3, 16, 16), Shape(8, 8, 8)
    return Network(
        input=image,
        nodes=(
            Node(name="high", op=Conv(input=image, width=8, kernel=3, activation="relu"), inputs=(INPUT,)),
            Node(name="low", op=Conv(input=Shape(8, 16, 16), width=8, kernel=3, stride=2, groups=8), inputs=("high",)),
            Node(name="up", op=Upsample(input=half, mode="nearest"), inputs=("low",)),
            Node(name="join", op=Add(input=Shape(8, 16, 16)), inputs=("up", "high")),
            Node(name="head", op=Conv(input=Shape(8, 16, 16), width=1, kernel=3), inputs=("join",)),
        ),
    )


@pytest.mark.slow
def test_it_is_cut_where_executorchs_lowering_cuts() -> None:
    network = with_a_skip()
    module = fold(build(network))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the lowering is full of what torch calls deprecated
        from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
        from executorch.exir import to_edge_transform_and_lower
        from executorch.exir._serialize._program import deserialize_pte_binary

        exported = torch.export.export(module, (torch.rand(1, *network.input),))
        lowered = to_edge_transform_and_lower(exported, partitioner=[XnnpackPartitioner()]).to_executorch()
        theirs, ours = (
            deserialize_pte_binary(bytes(program)).program.execution_plan[0]
            for program in (lowered.buffer, graphs().network_program(network, int8=False))
        )
    calls = [
        [(type(step.instr_args).__name__, len(step.instr_args.args)) for step in plan.chains[0].instructions]
        for plan in (theirs, ours)
    ]
    assert calls[0] == calls[1] == [("DelegateCall", 3), ("KernelCall", 5), ("DelegateCall", 3)]
