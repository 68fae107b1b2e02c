"""The latency of an exported file, measured as its latency device measures networks, beside what the search predicted.

What disturbs a timing only ever adds to it: the quickest run is nearest to the file's own time, and how far the median
lies above it tells how quiet the machine was.
"""

import io
import time
from collections.abc import Callable, Mapping
from statistics import median
from typing import Any

import torch

from launch.deploy.subject.shipped import Shipped
from launch.deploy.threads import on_threads
from nas.devices.runtimes.executorch import load_module
from nas.devices.runtimes.machine import processor
from nas.space import Network

DEVICES = {"onnx": ("onnx", "onnx_int8"), "executorch": ("executorch", "executorch_int8")}
"""Latency devices that run a format's files, in float32 and in int8."""
WARM_UP_S, TIMING_S, LEAST_RUNS, MOST_RUNS = 0.5, 2.0, 5, 200
QUIET = 0.1  # of the quickest, above which the median speaks of a busy machine

RunMs = Callable[[], float]


def measured(format: str, content: bytes, network: Network, shipped: Shipped, *, int8: bool) -> dict[str, Any]:
    """Milliseconds of one picture on one thread.

    Returns:
      "quickest_ms", "median_ms", "runs", "threads", "processor"; "device" and "predicted_ms" of the search's table,
      None where it has no such device, or was of another size.
    """
    with on_threads(1):
        times = _times(_RUNS[format](content, network))
    device = DEVICES[format][int8] if format in DEVICES else None
    return {
        "quickest_ms": min(times),
        "median_ms": median(times),
        "runs": len(times),
        "threads": 1,
        "processor": processor(),
        "device": device,
        "predicted_ms": _predicted(device, network, shipped.found),
    }


def told(latency: Mapping[str, Any]) -> str:
    """In a sentence, with how far it can be believed."""
    excess = latency["median_ms"] / latency["quickest_ms"] - 1
    noise = f"the median is {excess:.0%} above: the machine was {'quiet' if excess <= QUIET else 'busy'}"
    predicted = latency["predicted_ms"]
    beside = "" if predicted is None else f"; the search predicted {predicted:.3f} ms"
    return f"{latency['quickest_ms']:.3f} ms on one thread, the quickest of {latency['runs']} runs ({noise}){beside}"


def _predicted(device: str | None, network: Network, found: Mapping[str, Any]) -> float | None:
    if list(network.input) != found.get("input"):
        return None
    predicted: float | None = found.get("resources", {}).get(f"latency_ms.{device}", {}).get("predicted")
    return predicted


def _times(run_ms: RunMs) -> list[float]:
    started = time.monotonic()
    while time.monotonic() - started < WARM_UP_S:
        run_ms()
    started, times = time.monotonic(), list[float]()
    while len(times) < LEAST_RUNS or (len(times) < MOST_RUNS and time.monotonic() - started < TIMING_S):
        times.append(run_ms())
    return times


def _onnx(content: bytes, network: Network) -> RunMs:
    import numpy as np
    import onnx

    from nas.devices.runtimes.onnx_session import Loaded, open_session

    session = open_session(onnx.load_model_from_string(content), 1, optimised=True)
    picture = np.zeros((1, *network.input), np.float32)
    return Loaded(session, {session.get_inputs()[0].name: picture}, 0.0).run_ms


def _executorch(content: bytes, network: Network) -> RunMs:
    run_ms: RunMs = load_module("nas.devices.runtimes.executorch_run").Loaded(content, 1, 0.0).run_ms
    return run_ms


def _pt2(content: bytes, network: Network) -> RunMs:
    module, picture = torch.export.load(io.BytesIO(content)).module(), torch.zeros(1, *network.input)

    def run_ms() -> float:
        with torch.inference_mode():
            start = time.perf_counter()
            module(picture)
            return 1e3 * (time.perf_counter() - start)

    return run_ms


_RUNS: Mapping[str, Callable[[bytes, Network], RunMs]] = {"onnx": _onnx, "executorch": _executorch, "pt2": _pt2}
