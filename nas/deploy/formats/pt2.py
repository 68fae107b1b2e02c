"""PyTorch's own format: a program of torch.export, for torch.export.load in Python and AOTInductor elsewhere.

The one route that there is: torch.export writes what torch runs.
"""

import io

import torch
from torch import nn

from nas.deploy.formats.exported import Answer, Exported, Picture, Port
from nas.lowering.torch_module import BuiltNetwork
from nas.space import Network

INPUT, OUTPUT = "image", "output"
ORIGINS = ("stack_trace", "nn_module_stack", "source_fn_stack", "from_node", "torch_fn")


def export(folded: BuiltNetwork, *, dynamic: bool) -> Exported:
    """The network as a program.

    Args:
      dynamic: for any number of pictures, of any height and width that the network takes.
    """
    network = folded.network
    if not dynamic:
        return export_graph(folded, network)
    image = torch.zeros(2, *network.input)
    program = torch.export.export(folded, (image,), dynamic_shapes=(_free(network),))
    free = ("batch", network.input.channels, "height", "width")
    with torch.inference_mode():
        answer = folded(image).shape
    return _exported(program, free, ("batch", answer[1], "height", "width")[: len(answer)])


def export_graph(graph: nn.Module, network: Network) -> Exported:
    """Any module that answers a picture of the network's input shape, such as the network in int8."""
    image = torch.zeros(1, *network.input)
    with torch.inference_mode():
        answer = graph(image).shape
    return _exported(torch.export.export(graph, (image,)), tuple(image.shape), tuple(answer))


def _exported(
    program: torch.export.ExportedProgram, given: tuple[int | str, ...], answer: tuple[int | str, ...]
) -> Exported:
    _forget_origins(program)
    buffer = io.BytesIO()
    torch.export.save(program, buffer)
    content = buffer.getvalue()

    def run(picture: Picture) -> Answer:
        loaded = torch.export.load(io.BytesIO(content)).module()
        with torch.inference_mode():
            result: Answer = loaded(torch.from_numpy(picture)).numpy()
        return result

    return Exported(
        content=content,
        input=Port(name=INPUT, shape=given),
        output=Port(name=OUTPUT, shape=answer),
        runtime=f"torch {torch.__version__}",
        run=run,
    )


def _forget_origins(program: torch.export.ExportedProgram) -> None:
    """Leave out from which line of which module each node came: nothing that runs it reads that, and it is longer than
    what does.
    """
    for node in program.graph.nodes:
        for name in ORIGINS:
            node.meta.pop(name, None)


def _free(network: Network) -> dict[int, object]:
    """Free dimensions; torch.export writes the sides as multiples of what they must divide by."""
    multiple = network.side_multiple
    rows, columns = (torch.export.Dim(name, min=1, max=2**12) for name in ("rows", "columns"))
    return {0: torch.export.Dim("batch", min=1, max=2**12), 2: multiple * rows, 3: multiple * columns}
