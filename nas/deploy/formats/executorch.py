"""ExecuTorch, for phones: a program whose network runs in XNNPACK.

The official route: torch.export, ExecuTorch's own lowering with its XNNPACK partitioner. Our writer of such programs
(`nas.lowering.executorch`) is for timing: it is a thousand times quicker, and its schema is no promise of ExecuTorch's.
Tests show that both come to the same nodes.

XNNPACK has no nearest upsampling. Left as it is, it cuts a U-Net into one delegate more than it has upsamplings, with a
copy and a slow portable kernel between each two. `nas.lowering.repeat` says the same in words that XNNPACK takes.
"""

import warnings
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from importlib.metadata import version
from types import SimpleNamespace

import torch
from executorch.backends.xnnpack.operators import node_visitor
from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
from executorch.exir import ExecutorchBackendConfig, to_edge_transform_and_lower
from executorch.extension.pybindings import portable_lib
from torch import fx, nn

from nas.deploy.formats.exported import Answer, Exported, ExportError, Picture, Port
from nas.lowering.repeat import with_repeats
from nas.lowering.torch_module import BuiltNetwork
from nas.space import Network

METHOD = "forward"
ALIGNMENT = 16  # bytes of each constant, which XNNPACK copies when it loads them; 128 would be usual, mostly padding
INPUT, OUTPUT = "image", "output"


def export(folded: BuiltNetwork, *, dynamic: bool) -> Exported:
    """The network as a program for XNNPACK, for one picture of its input shape.

    Raises:
      ExportError: other sizes are asked for.
    """
    if dynamic:
        raise ExportError("an ExecuTorch program is for one size of picture, got dynamic; give --size HEIGHTxWIDTH")
    return export_graph(with_repeats(folded), folded.network)


def export_graph(graph: nn.Module, network: Network) -> Exported:
    """Any module that answers a picture of the network's input shape, such as the network in int8."""
    image = torch.zeros(1, *network.input)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the lowering uses deprecated parts of torch
        program = torch.export.export(graph, (image,))
        with _short_names():
            lowered = to_edge_transform_and_lower(program, partitioner=[XnnpackPartitioner()])
        content = bytes(lowered.to_executorch(ExecutorchBackendConfig(segment_alignment=ALIGNMENT)).buffer)

    def run(picture: Picture) -> Answer:
        loaded = portable_lib._load_for_executorch_from_buffer(content)
        result: Answer = loaded.run_method(METHOD, [torch.from_numpy(picture)])[0].numpy()
        return result

    return Exported(
        content=content,
        input=Port(name=INPUT, shape=tuple(image.shape)),
        output=Port(name=OUTPUT, shape=tuple(run(image.numpy()).shape)),
        runtime=f"executorch {version('executorch')}, XNNPACK",
        run=run,
        facts=_facts(lowered.exported_program().graph),
    )


@contextmanager
def _short_names() -> Iterator[None]:
    """Context in which the delegate's constants are named by fewer letters of their digests.

    ExecuTorch names a constant by 64 letters, in the program and in the delegate, and a layer in int8 has four: of a
    network with 148,000 weights the names were 17 % of the file. Nothing reads them but to find the constant.
    """
    own = node_visitor.hashlib
    node_visitor.hashlib = SimpleNamespace(sha256=_Digest)
    try:
        yield
    finally:
        node_visitor.hashlib = own


class _Digest:
    """SHA-256 of which 96 bits are told: programs that are loaded together may share constants of one name."""

    def __init__(self, content: bytes) -> None:
        self._digest = sha256(content).digest()

    def hexdigest(self) -> str:
        return urlsafe_b64encode(self._digest[:12]).decode()


def _facts(graph: fx.Graph) -> dict[str, int | list[str]]:
    """How many delegates there are, and what is left to portable kernels."""
    calls = [str(node.target) for node in graph.nodes if node.op == "call_function"]
    delegates = [call for call in calls if "executorch_call_delegate" in call]
    outside = {call for call in calls if "getitem" not in call} - set(delegates)
    return {"delegates": len(delegates), "operators outside XNNPACK": sorted(outside)}
