"""The page from winner to phone: its options are the command's, its calls name what an export names."""

import re

import pytest

from launch import cli
from launch.experiments import demo
from nas.devices.runtimes.executorch import load_module
from nas.lowering.torch_module import build, fold
from tests.docs.pages import Page

PAGE = Page(name="deploy.md")


def test_every_option_that_is_named_is_there() -> None:
    known = {
        option
        for verb in cli.nas.commands.values()
        for one in verb.params
        for option in (*one.opts, *one.secondary_opts)
    }
    adb = {"--model_path", "--num_executions"}
    assert set(re.findall(r"--[a-z][\w-]+", PAGE.text)) - adb <= known


@pytest.mark.slow
def test_the_calls_name_what_the_exports_name() -> None:
    """At the demo's size, and with its space's names."""
    pytest.importorskip("executorch", reason="pip install 'chamnas[executorch]'")
    pytest.importorskip("onnxruntime", reason="pip install 'chamnas[onnx]'")
    (phone, runtime), (swift,) = PAGE.blocks("kotlin"), PAGE.blocks("swift")
    shape = ", ".join(map(str, (1, *demo.SPACE.input)))
    program = load_module("nas.deploy.formats.executorch")
    for code in (phone, swift):
        assert re.search(rf"(val|let) {program.INPUT} = ", code) and re.search(rf"(val|let) {program.OUTPUT}\b", code)
        assert f'"{program.METHOD}"' in code and shape in code
    folded = fold(build(demo.SPACE.lower((0,) * demo.SPACE.num_decisions)))
    model = load_module("nas.deploy.formats.onnx").export(folded, dynamic=False)
    assert f'mapOf("{model.input.name}" to' in runtime and f'.get("{model.output.name}")' in runtime
    assert shape in runtime and model.input.shape == (1, *demo.SPACE.input)
