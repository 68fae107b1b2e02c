"""The source that a user takes away: it runs where nothing of ours is installed, and computes the same."""

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from nas.lowering.standalone import source, state
from nas.lowering.torch_module import BuiltNetwork, build, fold
from nas.plugins import load_file
from nas.space import Network, Shape, Space, Stage
from search_spaces import mobilenet, tiefenrausch


def trained_like(network: Network) -> BuiltNetwork:
    """Folded, with batch-norm statistics that are not the initial ones."""
    torch.manual_seed(0)
    module = build(network)
    for layer in module.modules():
        if isinstance(layer, nn.BatchNorm2d):
            nn.init.uniform_(layer.weight, 0.5, 1.5)
            nn.init.normal_(layer.bias)
            nn.init.normal_(layer.running_mean)  # type: ignore[arg-type]  # batch norms of ours track statistics
    return fold(module)


def executed(code: str, folder: Path) -> dict[str, object]:
    namespace: dict[str, object] = {"__file__": str(folder / "winner.py")}
    exec(compile(code, "winner.py", "exec"), namespace)
    return namespace


def small(op: str, *, upsample: str = "none", stride: int = 1, repeat: int = 2) -> Network:
    expansion = 2 if op == "trb" else 1
    middle = Stage(
        name="mid.dle", op=op, inputs=("first",), width=4, expansion=expansion, repeat=repeat, stride=stride,
        upsample=upsample,
    )  # fmt: skip
    first = Stage(name="first", op="conv", inputs=("input",), width=4, stride=2, kernel=5)
    last = Stage(name="last", op="head", inputs=("mid.dle",), width=2, kernel=1)
    return Space(name="small", input=Shape(3, 16, 24), stages=(first, middle, last)).lower(())


def networks() -> list[Network]:
    rng = np.random.default_rng(0)
    space = Space(name="depth", input=Shape(3, 64, 32), stages=tiefenrausch.SPACE.stages)
    drawn = [space.lower(row.tolist()) for row in space.sample(1, rng)]
    return [*drawn, small("conv"), small("trb"), small("trb", stride=2), small("trb", upsample="nearest"),
            small("trb", upsample="bilinear", repeat=1), classifier()]  # fmt: skip


def classifier() -> Network:
    """Expansions, activations, the pool and the linear layer of the MobileNets."""
    stages = (*mobilenet.SPACE.stages[:3], Stage(name="classes", op="classifier", inputs=("2",), width=5))
    space = Space(name="classifier", input=Shape(3, 32, 24), stages=stages)
    return space.lower(space.sample(1, np.random.default_rng(1))[0].tolist())


@pytest.mark.parametrize("network", networks())
def test_it_computes_what_the_built_module_computes(network: Network, tmp_path: Path) -> None:
    folded = trained_like(network)
    torch.save(state(folded), tmp_path / "winner.pt")
    model = executed(source(network, "A winner."), tmp_path)["load"]()  # type: ignore[operator]  # code from a string
    height, width = 2 * network.input.height, network.input.width
    image = torch.rand(2, 3, height, width)
    with torch.inference_mode():
        torch.testing.assert_close(model(image), folded(image), rtol=1e-4, atol=1e-4)
    assert sum(parameter.numel() for parameter in model.parameters()) == network.params


@pytest.mark.slow
def test_it_runs_where_nothing_but_torch_is_installed(tmp_path: Path) -> None:
    network = networks()[0]
    (tmp_path / "winner.py").write_text(source(network, "A winner."))
    torch.save(state(trained_like(network)), tmp_path / "winner.pt")
    program = (
        "import sys, torch, winner\n"
        "model = winner.load()\n"
        "output = model(torch.rand(1, 3, 64, 32))\n"
        "ours = {'nas', 'launch', 'search_spaces', 'predictors', 'ray', 'optuna'} & set(sys.modules)\n"
        "assert not ours, ours\n"
        "print(tuple(output.shape), sum(p.numel() for p in model.parameters()), model.training)\n"
    )
    result = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.stderr == ""
    assert result.stdout.strip() == f"(1, 1, 64, 32) {network.params} False"


def test_weights_load_without_unpickling() -> None:
    content = io.BytesIO()
    torch.save(state(trained_like(small("trb"))), content)
    content.seek(0)
    loaded = torch.load(content, weights_only=True)
    assert {type(value) for value in loaded.values()} == {torch.Tensor}


def test_sides_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    network = small("trb", stride=2, upsample="none")
    deep = networks()[0]
    model = executed(source(deep, "A winner."), tmp_path)["Winner"]()  # type: ignore[operator]  # code from a string
    with pytest.raises(ValueError, match=r"height and width must be multiples of 32, got \(33, 32\)"):
        model(torch.rand(1, 3, 33, 32))
    assert "multiples of 1" in source(network, "A winner.")


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning")
@pytest.mark.parametrize("network", networks())
def test_it_can_be_scripted(network: Network, tmp_path: Path) -> None:
    """With its check of sizes, as a module of its own: the compiler reads the file."""
    file = tmp_path / "winner.py"
    file.write_text(source(network, "A winner."))
    model = load_file(file).Winner().eval()
    scripted = torch.jit.script(model)
    image = torch.rand(1, 3, 2 * network.input.height, network.input.width)
    with torch.inference_mode():
        torch.testing.assert_close(scripted(image), model(image))
    if (multiple := network.side_multiple) > 1:
        with pytest.raises(torch.jit.Error, match=rf"height and width must be multiples of {multiple}, got \(1, 7\)"):
            scripted(torch.rand(1, 3, 1, 7))


def test_the_docstring_tells_costs_and_size() -> None:
    network = small("conv")
    text = source(network, "The title.")
    assert text.startswith('"""The title.\n')
    assert f"{network.macs:,} multiply-accumulates" in text and f"{network.params:,} parameters" in text
    assert "searched at 16x24" in text


def test_what_goes_in_and_out_is_said_where_it_is_known() -> None:
    network = small("conv")
    plain, told = source(network, "T."), source(network, "T.", input='the "ink"', output="one logit\\class")
    assert "Input Float[n, 3, h, w], height and width multiples of 1;" in plain and "Output" not in plain
    assert "Input Float[n, 3, h, w], the 'ink', height and width multiples of 1;" in told
    assert "\nOutput: one logit/class.\n" in told
    assert plain.split('"""', 2)[2] == told.split('"""', 2)[2]


@pytest.mark.parametrize("title", ['runs/""" + exit(1) + """', "C:\\new\\u run", "brace {layers}"])
def test_no_title_breaks_the_source(title: str, tmp_path: Path) -> None:
    assert "Winner" in executed(source(small("conv"), title), tmp_path)
