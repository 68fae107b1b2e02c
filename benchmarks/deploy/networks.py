"""The networks of `benchmarks.deploy`, and the files in which each runtime gets them."""

import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import torch

from launch.deploy.subject.shipped import shipped
from launch.experiments import demo
from nas.devices.runtimes.executorch import load_module
from nas.lowering.onnx import onnx_model
from nas.lowering.standalone import restored, source, state
from nas.lowering.torch_module import BuiltNetwork, build, fold
from nas.space import INPUT, Add, Conv, Network, Node, Shape, Upsample, at_size
from search_spaces import tiefenrausch

README_WINNER = (0, 1, 0, 0, 0, 3, 0, 2, 1, 1, 2, 0, 0, 0, 0, 0, 2, 3, 1, 0, 0, 1, 4, 4, 0, 1, 0, 1)
"""A winner of the demo, which README showed once: 19,774,432 multiply-accumulates at 64x64."""
NAMES = ("published", "winner", "mobile")
STEM, ENCODER = 32, ((16, 1, 1), (24, 6, 2), (32, 6, 3), (96, 6, 3), (320, 6, 1))
"""MobileNetV2's width, expansion and depth at each of five sizes, the last block of a size where it has several."""
STEP = 8  # of widths


def networks(names: tuple[str, ...], size: tuple[int, int], run: Path | None) -> Mapping[str, BuiltNetwork]:
    """The folded networks by name. Weights are drawn, but those of a run's winner: time does not depend on them."""
    found = {}
    for name in names:
        if name == "winner" and run is not None:
            folded = shipped(run).folded
            found[name] = restored(at_size(folded.network, *size), state(folded))
        else:
            found[name] = _drawn(_network(name, size))
    return found


def _network(name: str, size: tuple[int, int]) -> Network:
    if name == "mobile":
        wanted = at_size(_published(), *size).macs
        return mobile_unet(Shape(3, *size), wanted)
    network = _published() if name == "published" else demo.SPACE.lower(README_WINNER)
    return at_size(network, *size)


def _published() -> Network:
    return tiefenrausch.SPACE.lower(tiefenrausch.SPACE.reference("published"))


def _drawn(network: Network) -> BuiltNetwork:
    torch.manual_seed(0)
    module = build(network).train()
    with torch.no_grad():
        module(torch.rand(2, *network.input))  # gives the batch norms statistics of their own
    return fold(module)


@cache
def mobile_unet(image: Shape, macs: int) -> Network:
    """A U-Net whose encoder is MobileNetV2's and whose decoder mirrors it, with widths scaled to come near to `macs`.

    What one would take without a search: bilinear upsampling, skips added after a pointwise convolution, ReLU6.
    """
    scales = [step / 100 for step in range(20, 400)]
    return min((_mobile_unet(image, scale) for scale in scales), key=lambda network: abs(network.macs - macs))


def _mobile_unet(image: Shape, scale: float) -> Network:
    chain = _Chain(image)
    chain.conv("stem", _width(STEM, scale), kernel=3, activation="relu6")
    skips = [chain.latest]
    for level, (width, expansion, depth) in enumerate(ENCODER, start=1):
        for i in range(depth):
            chain.block(f"{level}A.{i}", _width(width, scale), expansion, stride=2 if i == 0 else 1)
        skips.append(chain.latest)
    for level in range(len(ENCODER), 0, -1):
        skip = skips[level - 1]
        chain.add(f"{level}C.upsample", Upsample(input=chain.latest[1], mode="bilinear"))
        chain.block(f"{level}C.0", skip[1].channels, ENCODER[level - 1][1], stride=1)
        chain.add(f"{level}C.join", Add(input=skip[1]), skip[0])
    chain.conv("head", 1, kernel=3, activation="none")
    return Network(input=image, nodes=tuple(chain.nodes))


def _width(width: int, scale: float) -> int:
    return max(STEP, round(width * scale / STEP) * STEP)


class _Chain:
    """Nodes under construction, each fed by the latest."""

    def __init__(self, image: Shape) -> None:
        self.nodes: list[Node] = []
        self.latest = (INPUT, image)

    def add(self, name: str, op: Add | Conv | Upsample, *also: str) -> None:
        self.nodes.append(Node(name=name, op=op, inputs=(self.latest[0], *also)))
        self.latest = (name, op.output)

    def conv(self, name: str, width: int, *, kernel: int, activation: str, stride: int = 1, groups: int = 1) -> None:
        op = Conv(
            input=self.latest[1], width=width, kernel=kernel, stride=stride, groups=groups, activation=activation,
        )  # fmt: skip
        self.add(name, op)

    def block(self, name: str, width: int, expansion: int, *, stride: int) -> None:
        """MobileNetV2's inverted residual."""
        entry, hidden = self.latest, expansion * self.latest[1].channels
        if expansion > 1:
            self.conv(f"{name}.expand", hidden, kernel=1, activation="relu6")
        self.conv(f"{name}.depthwise", hidden, kernel=3, activation="relu6", stride=stride, groups=hidden)
        self.conv(f"{name}.project", width, kernel=1, activation="none")
        if self.latest[1] == entry[1]:
            self.add(f"{name}.add", Add(input=entry[1]), entry[0])


def write_files(folded: BuiltNetwork, folder: Path, runtimes: tuple[str, ...], precisions: tuple[str, ...]) -> None:
    """Every file that the runtimes need of one network; what is there already stays.

    The exports are those of `nas export`; "timed" are the graphs that latency devices make of the same network.
    """
    folder.mkdir(parents=True, exist_ok=True)
    network = folded.network
    graph = cache(lambda: _quantised(folded))
    lowered = load_module("nas.lowering.executorch").network_program if "executorch" in runtimes else None
    wanted = {
        "fp32.py": lambda: source(network, "Under measurement.").encode(),
        "fp32.onnx": lambda: _exported("onnx", folded),
        "fp32.timed.onnx": lambda: onnx_model(network, int8=False).SerializeToString(),
        "fp32.pte": lambda: _exported("executorch", folded),
        "fp32.timed.pte": lambda: lowered(network, int8=False),
        "int8.pt2": lambda: _exported("pt2", folded, graph()),
        "int8.onnx": lambda: _exported("onnx", folded, graph()),
        "int8.timed.onnx": lambda: onnx_model(network, int8=True).SerializeToString(),
        "int8.pte": lambda: _exported("executorch", folded, graph()),
        "int8.timed.pte": lambda: lowered(network, int8=True),
    }
    needs = {"onnx": (".onnx",), "executorch": (".pte",), "eager": (".py", ".pt2"), "compile": (".py", ".pt2")}
    endings = {ending for runtime in runtimes for ending in needs[runtime]}
    torch.save(state(folded), folder / "fp32.pt")
    for name, make in wanted.items():
        path = folder / name
        if path.suffix in endings and name.split(".")[0] in precisions and not path.exists():
            path.write_bytes(make())
            print(f"  {path}: {path.stat().st_size:,} bytes", file=sys.stderr, flush=True)


def _quantised(folded: BuiltNetwork) -> torch.fx.GraphModule:
    """In int8, its ranges learned from noise."""
    quantised = load_module("nas.deploy.quantised")
    prepared = quantised.prepare(folded)
    quantised.calibrate(prepared, [torch.rand(2, *folded.network.input)])
    graph: torch.fx.GraphModule = quantised.converted(prepared)
    return graph


def _exported(format: str, folded: BuiltNetwork, graph: torch.fx.GraphModule | None = None) -> bytes:
    module = load_module(f"nas.deploy.formats.{format}")
    exported = module.export(folded, dynamic=False) if graph is None else module.export_graph(graph, folded.network)
    content: bytes = exported.content
    return content
