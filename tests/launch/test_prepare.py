"""What is refused before anything is measured or trained, and where latency tables come from."""

import io
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from rich.console import Console

from launch.experiment import Experiment
from launch.folder import RunFolder
from launch.prepare import check_limits, latency_tables
from launch.progress import Progress
from nas.devices import fake
from nas.devices.device import Timed
from nas.devices.table import TableError, write
from nas.feasible import InfeasibleError
from nas.limits import LimitError
from nas.ops import Network, Operator
from nas.space import Choice
from nas.variants import operators
from tests.experiments import tiny
from tests.experiments.tiny import SPACE

EXPERIMENT = tiny.experiment()


@pytest.mark.parametrize(
    ("limit", "message"),
    [
        ("mac <= 1e9", r"did you mean 'macs'\?; known: latency_ms\.fake, macs, params"),
        ("latency_ms.phone <= 3", r"no known resource; did you mean 'latency_ms\.fake'"),
        ("latency_ms.fake <= 2 + 2", r"'2 \+ 2' is not allowed"),
        ("latency_ms.fake <= 3 MB", "cannot be in 'MB'; use us, ms, s"),
        ("latency_ms.fake <= 0.5 * mobilenet", "has no reference architecture 'mobilenet'; known: published"),
        ("macs <= 0.5 * mobilenet", "has no reference architecture 'mobilenet'; known: published"),
    ],
)
def test_a_limit_that_makes_no_sense_is_refused_without_measuring(limit: str, message: str) -> None:
    with pytest.raises(LimitError, match=message):
        check_limits(EXPERIMENT, [limit])


def test_a_limit_that_nothing_meets_is_refused_with_the_smallest_cost() -> None:
    smallest = SPACE.lower((0,) * SPACE.num_decisions)
    with pytest.raises(InfeasibleError, match=f"{smallest.macs:,}"):
        check_limits(EXPERIMENT, ["params <= 1e9", "macs <= 1"])


def test_sensible_limits_pass() -> None:
    check_limits(EXPERIMENT, ["macs <= 0.5 * baseline", "latency_ms.fake <= 0.5 * published", "params >= 1000"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Once:
    """The fake device, which may be used only if nothing else will do."""

    allowed: bool
    runtime: str = "a formula"
    key: str = "fake"

    def describe(self) -> dict[str, str]:
        return {"runtime": self.runtime}

    def load_operator(self, op: Operator) -> Timed:
        assert self.allowed, "the device was timed again"
        return fake.DEVICE.load_operator(op)

    def load_network(self, network: Network) -> Timed:
        return fake.DEVICE.load_network(network)


def on(device: Once) -> Experiment:
    return replace(EXPERIMENT, devices=(device,))


@pytest.fixture
def progress() -> Progress:
    return Progress(console=Console(file=io.StringIO()))


def test_a_table_is_measured_once_and_kept_in_cache_and_run(tmp_path: Path, progress: Progress) -> None:
    cache, first, second = tmp_path / "cache", RunFolder(path=tmp_path / "1"), RunFolder(path=tmp_path / "2")
    (measured,) = latency_tables(on(Once(allowed=True)), first, cache, 0, progress)
    assert latency_tables(on(Once(allowed=False)), second, cache, 1, progress) == [measured]
    assert latency_tables(on(Once(allowed=False)), first, tmp_path / "another cache", 0, progress) == [measured]
    assert second.latency_table("fake").exists()


def test_another_runtime_or_space_is_measured_anew(tmp_path: Path, progress: Progress) -> None:
    cache = tmp_path / "cache"
    latency_tables(on(Once(allowed=True)), RunFolder(path=tmp_path / "1"), cache, 0, progress)
    larger = replace(SPACE, input=SPACE.input._replace(height=32))
    for i, other in enumerate((on(Once(allowed=True, runtime="newer")), replace(on(Once(allowed=True)), space=larger))):
        latency_tables(other, RunFolder(path=tmp_path / f"other {i}"), cache, 0, progress)
        assert len(list((cache / "latency").iterdir())) == 2 + i


def test_a_table_without_the_new_options_of_a_grown_space_is_kept_aside_and_made_anew(
    tmp_path: Path, progress: Progress
) -> None:
    folder, cache = RunFolder(path=tmp_path / "run"), tmp_path / "cache"
    wider = Choice(name="deep.width", options=(8, 16, 24, 32, 40))
    stages = tuple(replace(stage, width=wider) if stage.width == tiny.DEEP else stage for stage in SPACE.stages)
    grown = replace(on(Once(allowed=True)), space=replace(SPACE, stages=stages))
    (whole,) = latency_tables(grown, folder, cache, 0, progress)
    known = {op.key for op in operators(SPACE)}
    write(replace(whole, entries={key: whole.entries[key] for key in known}), folder.latency_table("fake"))
    old = folder.latency_table("fake").read_bytes()
    assert latency_tables(grown, folder, cache, 0, progress) == [whole]
    assert (folder.path / "latency_fake.json.before").read_bytes() == old


def test_a_damaged_table_in_the_run_is_named(tmp_path: Path, progress: Progress) -> None:
    folder = RunFolder(path=tmp_path)
    folder.latency_table("fake").write_text("{}")
    with pytest.raises(TableError, match=r"latency_fake\.json is no latency table"):
        latency_tables(on(Once(allowed=True)), folder, tmp_path / "cache", 0, progress)
