"""A search on a cluster of several nodes, on one machine, while its drivers, workers and nodes are killed.

Everything is a real process: Ray's nodes (each with two CPUs and two pretended GPUs), the driver (`nas search`), its
workers. A moment is measured in trials that the record holds as ended: 7.4 comes 0.4 x `PACE_S` after the seventh. A
driver is left alone for a random part of the time that it takes to start; one whose moment has passed by then dies
while it starts. Nodes leave and join in turns; a node leaves as a spot machine does, by SIGKILL.

A trial has been repeated if its training begins after the record has been seen to hold its end. One that was cut short,
or ended in a driver's or worker's last moments without being recorded, is run again, and must be.
"""

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import optuna

from benchmarks.chaos import slow
from launch.session import RunFolder
from launch.session.session import open_session
from nas.record import Trial
from nas.record.storage import open_storage

ROOT = Path(__file__).parents[2]
NODE: dict[str, Any] = {"num_cpus": 2, "num_gpus": 2, "object_store_memory": 100_000_000}
NUM_NODES = 2
LAG = 8
TRIAL_S = (0.5, 2.0)
POLL_S = 0.1
PACE_S = 1.0
START_S = 12.0  # about what a driver takes to hand out its first trial
NUM_FINALS = 3  # at least
TERMS = ("--executor", "ray", "--workers", "16", "--gpus-per-trial", "1", "--retries", "100")


class Broken(RuntimeError):
    """A driver ended by itself before the search was done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Storm:
    """The kills and node changes in a search of `num_trials`, at moments drawn from the seed."""

    num_trials: int
    driver_kills: int
    worker_kills: int
    node_changes: int
    seed: int


@dataclass(slots=True, kw_only=True)
class Toll:
    """Counts of what has happened. `began`, `ended`: trainings; `repeated`: of trials whose end was on record."""

    drivers_killed: int = 0
    workers_killed: int = 0
    nodes_removed: int = 0
    nodes_added: int = 0
    trials: int = 0
    began: int = 0
    ended: int = 0
    repeated: int = 0
    wall_s: float = 0.0
    equal: bool = False


def ride_out(storm: Storm, folder: Path) -> Toll:
    """Search once undisturbed, in one process, and once in the storm; compare.

    Args:
      folder: an empty one; the two runs and the drivers' messages stay there.

    Raises:
      Broken: a driver gave up.
    """
    calm, rough = folder / "calm", folder / "storm"
    slow.prepare(calm / "data", 0.0, 0.0)
    slow.prepare(rough / "data", *TRIAL_S)
    if code := _drive(calm, storm, "--executor", "serial").wait():
        raise Broken(_last_words(calm, code))
    with _cluster(folder / "token") as cluster:
        ride = _Ride(storm, rough, cluster)
        ride.to_the_end()
    return replace(ride.toll, equal=_result(calm) == _result(rough))


@contextmanager
def _cluster(token: Path) -> Iterator[Any]:
    """A head that trains nothing and some nodes, all on loopback, with a token of their own."""
    token.write_text(secrets.token_hex(32))
    for name in [name for name in os.environ if name.startswith("RAY_")]:
        del os.environ[name]
    os.environ |= {
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN_PATH": str(token),
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # every port on loopback
    }
    from ray.cluster_utils import Cluster  # it reads its environment while it is imported

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    try:
        for _ in range(NUM_NODES):
            cluster.add_node(**NODE)
        cluster.wait_for_nodes()
        yield cluster
    finally:
        cluster.shutdown()


@dataclass(slots=True)
class _Record:
    """The run's record, followed from outside, and how long the trainings' log was when each end was seen in it."""

    place: Path
    seen: dict[str, int] = field(default_factory=dict)
    changed: float = field(default_factory=time.monotonic)
    _storage: Any = None
    _study: int = 0

    def look(self) -> None:
        run = RunFolder(path=self.place / "run")
        if self._storage is None:
            if not run.started:
                return
            self._storage = open_storage(run.journal)
            self._study = self._storage.get_study_id_from_name(run.settings()["study"])
        found = [trial.user_attrs for trial in self._storage.get_all_trials(self._study, deepcopy=False)]
        ended = {f"{attrs['phase']}-{attrs['ticket']}" for attrs in found if "outcome" in attrs}
        if new := ended - self.seen.keys():
            self.seen |= dict.fromkeys(new, len(slow.entries(self.place / "data")))
            self.changed = time.monotonic()

    @property
    def moment(self) -> float:
        return len(self.seen) + min(0.99, (time.monotonic() - self.changed) / PACE_S)


class _Ride:
    """Drives a search under kills and node changes, from its first driver to the one that ends it."""

    def __init__(self, storm: Storm, place: Path, cluster: Any) -> None:
        self.toll = Toll()
        self._storm = storm
        self._place = place
        self._cluster = cluster
        self._record = _Record(place)
        self._rng = np.random.default_rng(storm.seed)
        self._driver_kills = self._moments(storm.driver_kills)
        self._worker_kills = self._moments(storm.worker_kills)
        self._node_changes = self._moments(storm.node_changes)
        self._killed: set[int] = set()

    def to_the_end(self) -> None:
        began = time.monotonic()
        while (code := self._one_life()) != 0:
            if code != -signal.SIGKILL:
                raise Broken(_last_words(self._place, code))
            self.toll.drivers_killed += 1
        self._record.look()
        log = slow.entries(self._place / "data")
        begins = [(position, entry.name) for position, entry in enumerate(log) if entry.what == "begins"]
        seen = self._record.seen
        self.toll.wall_s = time.monotonic() - began
        self.toll.trials = len(seen)
        self.toll.began, self.toll.ended = len(begins), len(log) - len(begins)
        self.toll.repeated = sum(position >= seen[name] for position, name in begins)

    def _moments(self, number: int) -> list[float]:
        """Random moments at which something is killed or changed, the next one last."""
        return sorted(self._rng.uniform(0, self._storm.num_trials + NUM_FINALS, number), reverse=True)

    def _one_life(self) -> int:
        """Run one driver until it ends or is killed; its exit status."""
        driver = _drive(self._place, self._storm, *TERMS, "--address", self._cluster.address)
        spared_until = time.monotonic() + self._rng.uniform(0, START_S)
        try:
            while driver.poll() is None:
                time.sleep(POLL_S)
                self._record.look()
                if self._is_due(self._driver_kills) and time.monotonic() > spared_until:
                    self._driver_kills.pop()
                    break
                self._disturb()
        finally:
            driver.kill()
        return driver.wait()

    def _disturb(self) -> None:
        if self._is_due(self._worker_kills) and (workers := self._busy_workers()):
            worker = workers[self._rng.integers(len(workers))]
            self._worker_kills.pop()
            self._killed.add(worker)
            os.kill(worker, signal.SIGKILL)
            self.toll.workers_killed += 1
        if self._is_due(self._node_changes):
            self._node_changes.pop()
            self._change_nodes()

    def _change_nodes(self) -> None:
        nodes = sorted(self._cluster.worker_nodes, key=lambda node: str(node.unique_id))
        if len(nodes) < NUM_NODES:
            self._cluster.add_node(**NODE)
            self.toll.nodes_added += 1
        else:
            self._cluster.remove_node(nodes[self._rng.integers(len(nodes))], allow_graceful=False)
            self.toll.nodes_removed += 1

    def _is_due(self, moments: Sequence[float]) -> bool:
        return bool(moments) and moments[-1] <= self._record.moment

    def _busy_workers(self) -> list[int]:
        """Processes that train, and have not been killed."""
        running: dict[int, None] = {}
        for entry in slow.entries(self._place / "data"):
            if entry.what == "begins":
                running[entry.process] = None
            else:
                running.pop(entry.process, None)
        return [process for process in running if process not in self._killed and _is_worker(process)]


def _drive(place: Path, storm: Storm, *options: str) -> subprocess.Popen[bytes]:
    """The command, always the same for one place; what it says is added to a file."""
    command = [
        sys.executable, "-m", "launch", "search", str(Path(slow.__file__)), "--out", str(place / "run"),
        "--data", str(place / "data"), "--cache", str(place / "cache"),
        "--trials", str(storm.num_trials), "--seed", str(storm.seed), "--lag", str(LAG), *options,
    ]  # fmt: skip
    with (place / "messages").open("ab") as messages:
        return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=messages, stderr=messages)


def _is_worker(process: int) -> bool:
    """Whether it lives and is a worker of Ray's: its number may be another's by now."""
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes().startswith(b"ray::Worker")
    except OSError:
        return False


def _last_words(place: Path, code: int) -> str:
    words = (place / "messages").read_text(errors="replace").splitlines()[-20:]
    return f"a driver ended with exit status {code}, and said last:\n" + "\n".join(words)


def _result(place: Path) -> tuple[list[Trial], dict[str, Any], bytes]:
    """All that two runs must share: the trials in their order on record, the winner, its weights."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    run = RunFolder(path=place / "run")
    trials = [replace(trial, ended=None, duration_s=None) for trial in open_session(run).history.trials()]
    return trials, run.read_json(run.winner), (run.path / "winner.pt").read_bytes()
