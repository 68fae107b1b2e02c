"""PyTorch on an NVIDIA GPU: float32 in channels_last, eager or as CUDA graphs, timed by the GPU's own events."""

import platform
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import nn

from nas.devices.device import Timed
from nas.devices.runtimes.context import input_shapes
from nas.lowering.torch_module import build, fold, make_layer
from nas.space import Network, Operator, Shape

NUM_WARM_UPS = 3
NUM_COPIES = 20
LEAST_MS = 1e-4  # events tick every half microsecond


@dataclass(frozen=True, slots=True, kw_only=True)
class Cuda:
    """The device: with `graphs`, kernels are recorded once and replayed; else small layers take their launch's time.

    An operator is run `NUM_COPIES` times on end, as kernels follow one another in a network, and takes its share of
    that: the start of a lone kernel takes longer than many a kernel.

    TF32 is as torch has it, cuDNN chooses its algorithms by heuristics.
    """

    index: int = 0
    graphs: bool = True
    key: str = "cuda"

    def describe(self) -> Mapping[str, str]:
        _check()
        cudnn = torch.backends.cudnn.version()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        return {
            "processor": torch.cuda.get_device_name(self.index),
            "runtime": f"torch {torch.__version__}, {'CUDA graphs' if self.graphs else 'eager'}, channels_last",
            "cuda": f"CUDA {torch.version.cuda}, cuDNN {cudnn}",
            "precision": f"float32, in convolutions TF32 {'allowed' if torch.backends.cudnn.allow_tf32 else 'off'}",
            "threads": "1 stream",
            "platform": platform.platform(),
        }

    def load_operator(self, op: Operator) -> Timed:
        return self._load(make_layer(op, batch_norm=False), input_shapes(op), NUM_COPIES)

    def load_network(self, network: Network) -> Timed:
        return self._load(fold(build(network)), (network.input,), 1)

    def _load(self, module: nn.Module, inputs: tuple[Shape, ...], num_copies: int) -> Timed:
        _check()
        return _Loaded(module, inputs, num_copies, torch.device("cuda", self.index), graphs=self.graphs)


DEVICE = Cuda()


class _Loaded:
    def __init__(
        self, module: nn.Module, inputs: tuple[Shape, ...], num_copies: int, device: torch.device, *, graphs: bool
    ) -> None:
        self._num_copies, self._device = num_copies, device
        self._module = module.eval().to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stub
        images = (torch.zeros(1, *shape, device=device) for shape in inputs)
        self._inputs = [image.contiguous(memory_format=torch.channels_last) for image in images]
        self._graph: torch.cuda.CUDAGraph | None = None
        with torch.cuda.device(device), torch.inference_mode():
            self._warm_up()
            if graphs:
                self._graph = torch.cuda.CUDAGraph()
                with torch.cuda.graph(self._graph):
                    self._output = self._run()

    def run_ms(self) -> float:
        with torch.cuda.device(self._device), torch.inference_mode():
            start = torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]  # torch leaves it untyped
            end = torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]  # the same
            start.record()
            if self._graph is None:
                self._run()
            else:
                self._graph.replay()
            end.record()
            end.synchronize()
            return max(LEAST_MS, float(start.elapsed_time(end)) / self._num_copies)

    def _run(self) -> torch.Tensor:
        for _ in range(self._num_copies):
            output: torch.Tensor = self._module(*self._inputs)
        return output

    def _warm_up(self) -> None:
        """Run a few times on a stream of its own, as recording a graph demands."""
        stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(NUM_WARM_UPS):
                self._run()
        torch.cuda.current_stream().wait_stream(stream)


def _check() -> None:
    if not torch.cuda.is_available():
        raise ValueError(
            "the device cuda needs an NVIDIA GPU, and torch sees none on this machine; "
            "run this where there is one, with a torch that is built for CUDA"
        )
