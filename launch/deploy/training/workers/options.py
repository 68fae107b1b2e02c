"""What the command says of workers: how many, where, and what each takes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from launch.executors import Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerOptions:
    """One training's workers.

    Attributes:
      number: None for a training in the command's own process.
      address: of a running cluster; None for a Ray of our own on this machine.
      gpus: of each worker, 0 or 1; None for 1 where a node has any.
      each: what else a worker takes, and how often the training goes on after it has lost one.
    """

    number: int | None = None
    address: str | None = None
    gpus: int | None = None
    each: Terms = field(default_factory=Terms)

    def __post_init__(self) -> None:
        if self.number is None and (self.address is not None or self.gpus is not None or self.each != Terms()):
            raise ValueError(
                "--address, --cpus-per-worker, --gpus-per-worker, --memory-per-worker and --retries are about workers, "
                "and none are asked for; give --workers N, or leave them out"
            )

    def per_worker(self, nodes: Sequence[Mapping[str, float]]) -> Terms:
        """What each worker takes from nodes with these resources, as Ray names and counts them.

        Raises:
          ValueError: they have not room for all workers.
        """
        assert self.number is not None
        gpus = float(self.gpus if self.gpus is not None else any(node.get("GPU", 0) for node in nodes))
        each = Terms(cpus=self.each.cpus, gpus=gpus, memory_bytes=self.each.memory_bytes, retries=self.each.retries)
        room = sum(each.slots_on(node) for node in nodes)
        if room < self.number:
            raise ValueError(
                f"every worker needs {each} on one node, and the cluster has room for {room}, not for {self.number}; "
                f"give --workers {room or 1}, ask for less for each, or add nodes and run the command again when "
                "`ray status` shows them"
            )
        return each
