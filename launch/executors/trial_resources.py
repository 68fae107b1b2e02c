"""Resources and limits of a trial: what it takes from a node, how long it may take, how often it is tried again.

A trial runs on one node, so a cluster has as many slots as its nodes have, each counted alone; what is left over on
one node does not add up with what is left over on another. A share of a GPU below 1 is a share of one device: three
trials of 0.3 fit on a device, and a node with four devices takes twelve.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

SIZES = {"MB": 10**6, "GB": 10**9, "TB": 10**12, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}
DURATIONS_S = {"s": 1, "min": 60, "h": 3600}

_QUANTITY = re.compile(r"(\d+(?:\.\d+)?)\s*([A-Za-z]+)", re.ASCII)
_TINY = 1e-9  # a share such as 0.1 is no binary fraction: ten of them must fit


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Resources, retries and time limit of one trial.

    Attributes:
      cpus: more than 0; Ray gives a trial as many OpenMP threads, at least one.
      gpus: 0, a share of one device below 1, or a whole number.
      memory_bytes: main memory that Ray sets aside; 0 for none.
      retries: how often a trial is tried again after its worker was lost or it took too long.
      timeout_s: the longest that an attempt may take once its worker has started; None for no limit.

    Raises:
      ValueError: a number is out of its range.
    """

    cpus: float = 1.0
    gpus: float = 0.0
    memory_bytes: int = 0
    retries: int = 2
    timeout_s: float | None = None

    def __post_init__(self) -> None:
        if not 0 < self.cpus < float("inf"):
            raise ValueError(f"CPUs per trial must be more than 0, got {self.cpus}; 0.5 lets two trials share one")
        if not 0 <= self.gpus < float("inf") or (self.gpus > 1 and self.gpus % 1):
            raise ValueError(
                f"GPUs per trial must be 0, a share below 1 or a whole number, got {self.gpus}; "
                "0.5 lets two trials share a device, 2 gives a trial two"
            )
        if self.memory_bytes < 0:
            raise ValueError(f"memory per trial must be 0 or more, got {self.memory_bytes}; 0 sets none aside")
        if self.retries < 0:
            raise ValueError(f"retries must be 0 or more, got {self.retries}; 0 gives a lost trial up at once")
        if self.timeout_s is not None and not 0 < self.timeout_s < float("inf"):
            raise ValueError(f"a trial's time limit must be more than 0, got {self.timeout_s} s; leave it out for none")

    def slots_on(self, resources: Mapping[str, float]) -> int:
        """How many trials fit on a node with these resources, as Ray names and counts them."""
        fits = [int(resources.get("CPU", 0.0) / self.cpus + _TINY)]
        if self.gpus >= 1:
            fits.append(int(resources.get("GPU", 0.0) / self.gpus))
        elif self.gpus:
            fits.append(int(resources.get("GPU", 0.0)) * int(1 / self.gpus + _TINY))
        if self.memory_bytes:
            fits.append(int(resources.get("memory", 0.0) // self.memory_bytes))
        return min(fits)

    def check_fits(self, nodes: Sequence[Mapping[str, float]]) -> int:
        """Slots of a cluster whose nodes have these resources.

        Raises:
          ValueError: no node takes a single trial; the message tells what the nodes have.
        """
        slots = sum(self.slots_on(node) for node in nodes)
        if slots < 1:
            raise ValueError(
                f"a trial needs {self} on one node, and no node of the cluster has that; "
                f"it has {self._described(nodes)}. "
                "Ask for less per trial, or add nodes and run the command again when `ray status` shows them"
            )
        return slots

    def __str__(self) -> str:
        return _listed(self.cpus, self.gpus, float(self.memory_bytes))

    def _described(self, nodes: Sequence[Mapping[str, float]]) -> str:
        """The nodes in words, equal ones counted: "2 nodes with 8 CPUs and 4 GPUs"; memory only if it is asked for."""
        kinds: dict[str, int] = {}
        for node in nodes:
            memory = round(node.get("memory", 0.0), -9) if self.memory_bytes else 0.0
            kind = _listed(node.get("CPU", 0.0), node.get("GPU", 0.0), memory)
            kinds[kind] = kinds.get(kind, 0) + 1
        described = [f"{count} {'node' if count == 1 else 'nodes'} with {kind}" for kind, count in kinds.items()]
        return "; ".join(described) or "no node"


def read_size(text: str) -> int:
    """Bytes of a size such as "4GB" or "512 MiB".

    Raises:
      ValueError: the text is no size.
    """
    return int(_read(text, SIZES, "a size", "4GB"))


def read_duration(text: str) -> float:
    """Seconds of a duration such as "90s", "30min" or "2h".

    Raises:
      ValueError: the text is no duration.
    """
    return _read(text, DURATIONS_S, "a duration", "30min")


def _read(text: str, scales: Mapping[str, int], what: str, example: str) -> float:
    match = _QUANTITY.fullmatch(text.strip())
    if match is None or match[2] not in scales:
        raise ValueError(f"{what} is a number with one of {', '.join(scales)}, such as {example}, got {text!r}")
    return float(match[1]) * scales[match[2]]


def _listed(cpus: float, gpus: float, memory_bytes: float) -> str:
    memory = f" and {memory_bytes / 1e9:.3g} GB of memory" if memory_bytes else ""
    return f"{cpus:g} CPUs, {gpus:g} GPUs{memory}" if memory else f"{cpus:g} CPUs and {gpus:g} GPUs"
