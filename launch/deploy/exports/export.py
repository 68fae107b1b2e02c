"""`nas export` carried out: the network at a size, in a format, checked in the format's own runtime, then written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from launch.deploy.exports.latency import measured
from launch.deploy.extras import needed
from launch.deploy.subject.shipped import Shipped
from launch.terminal import read_size
from nas.deploy import TrainingFolder
from nas.deploy.formats.exported import Answer, Exported, ExportError, Picture, Port, difference, signal_to_noise_db
from nas.lowering.standalone import restored, state
from nas.lowering.torch_module import BuiltNetwork
from nas.record import write_whole
from nas.resources import flops, macs, params, peak_activation_bytes, weight_bytes
from nas.space import Network, at_size

RESOURCES = (
    *macs.RESOURCES, *flops.RESOURCES, *params.RESOURCES, *weight_bytes.RESOURCES, *peak_activation_bytes.RESOURCES,
)  # fmt: skip
DYNAMIC = "dynamic"
LARGEST_DIFFERENCE = 1e-4  # of the output's range
LEAST_SIGNAL_DB = 20.0  # of int8, which no two runtimes round alike
CHECK_SEED = 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Written:
    """An export that has been checked and lies in its file.

    Attributes:
      difference: the largest from what PyTorch answers, as a share of the range of that.
      signal_db: how far PyTorch's answer stands above the difference.
      latency: see `launch.deploy.exports.latency.measured`; None for a file that was not timed.
    """

    exported: Exported
    network: Network
    path: Path
    format: str
    int8: bool
    difference: float
    signal_db: float
    latency: Mapping[str, Any] | None


def export(
    network: Shipped, format: str, size: str | None, path: Path, *, int8: bool, measure: bool = False
) -> Written:
    """Write the network to `path`, whole or not at all.

    Args:
      size: "HEIGHTxWIDTH", "dynamic", or None for the size that was searched at.
      int8: as `nas quantise` left it.
      measure: whether the file is timed, too.

    Raises:
      ExportError: the format cannot hold the network, or its runtime computes something else; nothing is written.
      TrainingFolderError: int8 is asked for, and the network was never quantised.
      ValueError: the network cannot take the size, or a library is missing.
    """
    folded, dynamic = resized(network.folded, None if size == DYNAMIC else size), size == DYNAMIC
    _check_answers(network, folded)
    module = needed(f"nas.deploy.formats.{format}", format)
    if int8:
        if dynamic:
            raise ExportError("a network in int8 is for one size of picture, got dynamic; give --size HEIGHTxWIDTH")
        graph = needed("launch.deploy.quantisation", "executorch").quantised(
            TrainingFolder(path=network.source), folded
        )
        exported: Exported = module.export_graph(graph, folded.network)
    else:
        graph, exported = folded, module.export(folded, dynamic=dynamic)
    largest, signal_db = _agreement(exported, graph, _pictures(folded.network, dynamic=dynamic))
    _check(format, largest, signal_db, int8=int8)
    latency = measured(format, exported.content, folded.network, network, int8=int8) if measure else None
    write_whole(path, exported.content)
    return Written(
        latency=latency,
        exported=exported,
        network=folded.network,
        path=path,
        format=format,
        int8=int8,
        difference=largest,
        signal_db=signal_db,
    )


def _check_answers(network: Shipped, folded: BuiltNetwork) -> None:
    """See that the network itself answers with numbers: no export could."""
    for picture in _pictures(folded.network, dynamic=False):
        if not np.isfinite(answer(folded, picture)).all():
            raise ExportError(
                f"a network must answer with finite numbers, and that of {network.source} gives NaN or infinity; train "
                "it again with a lower --lr"
            )


def _agreement(exported: Exported, graph: nn.Module, pictures: Sequence[Picture]) -> tuple[float, float]:
    """The largest difference over the pictures, and the least signal to noise."""
    pairs = [(exported.run(picture), answer(graph, picture)) for picture in pictures]
    return max(difference(*pair) for pair in pairs), min(signal_to_noise_db(*pair) for pair in pairs)


def _check(format: str, largest: float, signal_db: float, *, int8: bool) -> None:
    fault = "this is a fault of the export: report it, and use another format"
    if int8 and signal_db < LEAST_SIGNAL_DB:
        raise ExportError(
            f"an int8 export must stand {LEAST_SIGNAL_DB:g} dB above its difference to PyTorch's int8, and {format} "
            f"stands {signal_db:.1f} dB above; {fault}"
        )
    if not int8 and largest > LARGEST_DIFFERENCE:
        raise ExportError(
            f"an export must differ by at most {LARGEST_DIFFERENCE:g} of the output's range, and {format} differs by "
            f"{largest:.2g}; {fault}"
        )


def facts_of(written: Written) -> dict[str, Any]:
    """What there is to know of a file, for machines."""
    exported = written.exported
    return {
        "file": str(written.path),
        "format": written.format,
        "precision": "int8" if written.int8 else "float32",
        "bytes": len(exported.content),
        "input": _port(exported.input),
        "output": _port(exported.output),
        "runtime": exported.runtime,
        "largest_difference": written.difference,
        "signal_to_noise_db": min(written.signal_db, 999.0),
        "resources": {one.name: {"unit": one.unit, "value": float(one.of(written.network))} for one in RESOURCES},
        **({"latency": dict(written.latency)} if written.latency else {}),
        **exported.facts,
    }


def _port(port: Port) -> dict[str, Any]:
    return {"name": port.name, "shape": list(port.shape)}


def resized(folded: BuiltNetwork, size: str | None) -> BuiltNetwork:
    """The network for pictures of another size, such as "384x288"; None leaves it as it is.

    Raises:
      ValueError: it is no size, or not one of the network's.
    """
    if size is None:
        return folded
    height, width = read_size(size)
    return restored(at_size(folded.network, height, width), state(folded))


def answer(module: nn.Module, picture: Picture) -> Answer:
    """What PyTorch computes."""
    with torch.inference_mode():
        result: Answer = module(torch.from_numpy(picture)).numpy()
    return result


def _pictures(network: Network, *, dynamic: bool) -> list[Picture]:
    """Noise at the size that the file is for; of a file for all sizes, pictures of two."""
    rng, shape = np.random.default_rng(CHECK_SEED), network.input
    pictures = [rng.random((1, *shape), dtype=np.float32)]
    if dynamic:
        multiple = network.side_multiple
        other = (2, shape.channels, shape.height + multiple, shape.width + 2 * multiple)
        pictures.append(rng.random(other, dtype=np.float32))
    return pictures
