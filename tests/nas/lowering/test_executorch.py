"""ExecuTorch programs: torch's answer in float32, close to it in int8."""

from typing import Any

import numpy as np
import pytest
import torch

from nas.devices.runtimes.executorch import load_module
from nas.lowering.torch_module import build, fold, parameters
from nas.space import Conv, Shape
from tests.nas.lowering.networks import NETWORKS
from tests.nas.unheard import Unheard

pytest.importorskip("executorch", reason="pip install 'chamnas[executorch]'")


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
    image = torch.rand(1, *network.input)
    with torch.no_grad():
        wanted = folded(image).numpy()
    given = answer(graphs().network_program(network, int8=False, parameters=parameters(folded)), image)
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


def test_an_unknown_operator_is_named() -> None:
    with pytest.raises(ValueError, match=r"operator Unheard has no XNNPACK form; add it to nas\.lowering\.xnnpack"):
        graphs().operator_program(Unheard(), int8=False)
