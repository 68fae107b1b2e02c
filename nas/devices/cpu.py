"""PyTorch on this machine's CPU, eager, in channels_last; one thread unless told otherwise."""

import platform
import time
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import nn

from nas.devices.device import Timed
from nas.devices.runtimes.machine import processor
from nas.lowering.torch_module import build, fold, make_layer
from nas.space import Add, Network, Operator, Shape


@dataclass(frozen=True, slots=True, kw_only=True)
class Cpu:
    """The device: `num_threads` holds while a layer runs and is put back afterwards."""

    num_threads: int = 1
    key: str = "cpu"

    def describe(self) -> Mapping[str, str]:
        return {
            "processor": processor(),
            "runtime": f"torch {torch.__version__} eager, float32, channels_last",
            "threads": str(self.num_threads),
            "platform": platform.platform(),
        }

    def load_operator(self, op: Operator) -> Timed:
        layer = make_layer(op, batch_norm=False)
        shape = op.output if isinstance(op, Add) else op.input  # type: ignore[attr-defined]  # all operators have one
        return _Loaded(layer, (shape, shape) if isinstance(op, Add) else (shape,), self.num_threads)

    def load_network(self, network: Network) -> Timed:
        return _Loaded(fold(build(network)), (network.input,), self.num_threads)


DEVICE = Cpu()


class _Loaded:
    def __init__(self, module: nn.Module, inputs: tuple[Shape, ...], num_threads: int) -> None:
        self._module = module.eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stub
        images = (torch.zeros(1, *shape) for shape in inputs)
        self._inputs = [image.contiguous(memory_format=torch.channels_last) for image in images]
        self._num_threads = num_threads

    def run_ms(self) -> float:
        before = torch.get_num_threads()
        torch.set_num_threads(self._num_threads)
        try:
            with torch.inference_mode():
                start = time.perf_counter()
                self._module(*self._inputs)
                return 1e3 * (time.perf_counter() - start)
        finally:
            torch.set_num_threads(before)
