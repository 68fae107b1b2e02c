"""ONNX Runtime on this machine's CPU; `onnx.py` and `onnx_int8.py` are its two precisions."""

import platform
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from nas.devices.device import Timed
from nas.devices.runtimes.machine import library, processor, version
from nas.space import INPUT, Network, Operator

EXTRA = "onnx"


@dataclass(frozen=True, slots=True, kw_only=True)
class OnnxRuntime:
    """The device: nodes are executed one after another, each by `num_threads`.

    An operator's time is that of the nodes which the runtime makes of it inside a network (`onnx_cut`),
    less the time of a run of nothing: then the times of a network's operators add up to the network's.
    """

    key: str
    int8: bool
    num_threads: int = 1

    def describe(self) -> Mapping[str, str]:
        return {
            "processor": processor(),
            "runtime": f"onnxruntime {version('onnxruntime', EXTRA)}, CPU, sequential, all optimisations",
            "graph": f"onnx {version('onnx', EXTRA)}",
            "precision": "int8 weights by channel, uint8 activations (QDQ)" if self.int8 else "float32",
            "threads": str(self.num_threads),
            "platform": platform.platform(),
        }

    def load_operator(self, op: Operator) -> Timed:
        sessions = library("nas.devices.runtimes.onnx_session", EXTRA)
        cut = library("nas.devices.runtimes.onnx_cut", EXTRA).cut_out(op, int8=self.int8)
        session = sessions.open_session(cut.model, self.num_threads, optimised=False)
        loaded: Timed = sessions.Loaded(session, cut.inputs, sessions.empty_run_ms(self.num_threads))
        return loaded

    def load_network(self, network: Network) -> Timed:
        sessions = library("nas.devices.runtimes.onnx_session", EXTRA)
        model = library("nas.lowering.onnx", EXTRA).onnx_model(network, int8=self.int8)
        session = sessions.open_session(model, self.num_threads, optimised=True)
        loaded: Timed = sessions.Loaded(session, {INPUT: np.zeros((1, *network.input), np.float32)}, 0.0)
        return loaded
