"""ExecuTorch with XNNPACK on this machine's CPU, as on phones; `executorch.py` and `executorch_int8.py` use it."""

import platform
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nas.devices.device import Timed
from nas.devices.runtimes.machine import library, processor, version
from nas.space import Network, Operator

EXTRA = "executorch"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecuTorch:
    """The device: a network is one delegate, as exports have it.

    An operator's time is that of a delegate of its own, on tensors in the layout and precision that they have inside a
    network's, less the time of a run of next to nothing: so the conversions at a delegate's ends, which a lone
    operator has and a network shares, do not count.
    """

    key: str
    int8: bool
    num_threads: int = 1

    def describe(self) -> Mapping[str, str]:
        return {
            "processor": processor(),
            "runtime": f"executorch {version('executorch', EXTRA)}, XNNPACK, one delegate",
            "precision": "int8, weights by channel" if self.int8 else "float32",
            "threads": str(self.num_threads),
            "platform": platform.platform(),
        }

    def load_operator(self, op: Operator) -> Timed:
        runs = load_module("nas.devices.runtimes.executorch_run")
        program = load_module("nas.lowering.executorch").operator_program(op, int8=self.int8)
        loaded: Timed = runs.Loaded(program, self.num_threads, runs.empty_run_ms(self.num_threads))
        return loaded

    def load_network(self, network: Network) -> Timed:
        runs = load_module("nas.devices.runtimes.executorch_run")
        program = load_module("nas.lowering.executorch").network_program(network, int8=self.int8)
        loaded: Timed = runs.Loaded(program, self.num_threads, 0.0)
        return loaded


def load_module(module: str) -> Any:
    """Import a module of ours that needs ExecuTorch, whose import uses deprecated parts of torch.

    Raises:
      ValueError: ExecuTorch is not installed.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return library(module, EXTRA)
