"""Where a run's latency tables come from, which of them are kept for other runs, and when one is believed again."""

import io
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from rich.console import Console

from launch.experiment import Experiment
from launch.session.folder import FolderError, RunFolder
from launch.session.profiling import latency_tables, region
from launch.terminal import Progress
from nas.devices import Timed, fake
from nas.devices.fake import Tenants, Unsteady
from nas.latency import TableError, write
from nas.space import Choice, Network, Operator
from nas.space.variants import operators
from tests.experiments import tiny
from tests.experiments.tiny import SPACE

EXPERIMENT = tiny.experiment()


@dataclass(frozen=True, slots=True, kw_only=True)
class Once:
    """The fake device, which may be used only if nothing else will do."""

    allowed: bool
    runtime: str = "a formula"
    key: str = "fake"
    simulated: bool = True
    slower: list[float] = field(default_factory=lambda: [1.0])

    def describe(self) -> dict[str, str]:
        return {"runtime": self.runtime}

    def load_operator(self, op: Operator) -> Timed:
        assert self.allowed, "the device was timed again"
        return fake.DEVICE.load_operator(op)

    def load_network(self, network: Network) -> Timed:
        return replace(fake.DEVICE, per_mac_ms=self.slower[0] * fake.DEVICE.per_mac_ms).load_network(network)


def on(device: Once | Unsteady) -> Experiment:
    return replace(EXPERIMENT, devices=(device,))


@pytest.fixture
def said() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def progress(said: io.StringIO) -> Progress:
    return Progress(console=Console(file=said, width=1000))


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


def test_a_damaged_table_in_the_run_is_named(tmp_path: Path, progress: Progress) -> None:
    folder = RunFolder(path=tmp_path)
    folder.latency_table("fake").write_text("{}")
    with pytest.raises(TableError, match=r"latency_fake\.json is no latency table"):
        latency_tables(on(Once(allowed=True)), folder, tmp_path / "cache", 0, progress)


def test_a_kept_table_says_where_it_lies_and_is_checked_before_it_is_used(
    tmp_path: Path, progress: Progress, said: io.StringIO
) -> None:
    latency_tables(on(Once(allowed=True)), RunFolder(path=tmp_path / "1"), tmp_path, 0, progress)
    (kept,) = (tmp_path / "latency").iterdir()
    assert f"kept for other runs in {kept}" in said.getvalue()
    latency_tables(on(Once(allowed=False)), RunFolder(path=tmp_path / "2"), tmp_path, 0, progress)
    assert f"an earlier run's table is there ({kept})" in said.getvalue()
    assert "they take 1.00 times what they took then; the table is used" in said.getvalue()


def test_a_kept_table_that_disagrees_with_the_machine_is_made_anew(
    tmp_path: Path, progress: Progress, said: io.StringIO
) -> None:
    device = Once(allowed=True)
    (before,) = latency_tables(on(device), RunFolder(path=tmp_path / "1"), tmp_path, 0, progress)
    device.slower[0] = 2.0
    (after,) = latency_tables(on(device), RunFolder(path=tmp_path / "2"), tmp_path, 0, progress)
    assert "times what they took then; the table is made anew" in said.getvalue()
    assert after != before
    (again,) = latency_tables(on(device), RunFolder(path=tmp_path / "3"), tmp_path, 0, progress)
    assert again == after


def test_a_table_is_timed_again_on_demand_but_not_under_a_run_that_rests_on_it(
    tmp_path: Path, progress: Progress
) -> None:
    folder = RunFolder(path=tmp_path / "1")
    latency_tables(on(Once(allowed=True)), folder, tmp_path, 0, progress)
    with pytest.raises(AssertionError, match="the device was timed again"):
        latency_tables(on(Once(allowed=False)), RunFolder(path=tmp_path / "2"), tmp_path, 0, progress, again=True)
    folder.write_json(folder.settings_file, {"format": 1, "started": True})
    with pytest.raises(FolderError, match=r"rest on its table .*latency_fake\.json, which cannot be timed"):
        latency_tables(on(Once(allowed=False)), folder, tmp_path, 0, progress, again=True)


def test_a_table_of_a_noisy_machine_serves_one_run_and_no_other(
    tmp_path: Path, progress: Progress, said: io.StringIO
) -> None:
    noisy = Unsteady(tenants=Tenants(seed=0, busy_share=0.5, drift_per_minute=0.0, jitter=2.0))
    folder = RunFolder(path=tmp_path / "1")
    latency_tables(on(noisy), folder, tmp_path, 0, progress)
    assert folder.latency_table("unsteady").exists() and not list((tmp_path / "latency").iterdir())
    assert (
        "not kept for other runs, because this machine was not quiet: an operator's median is known" in said.getvalue()
    )


def test_what_matters_is_within_the_limits_that_are_counted() -> None:
    within = region(EXPERIMENT, ["macs <= 0.7 * published", "latency_ms.fake <= 0.8 * published"])
    assert within.name.startswith("macs <= ") and "latency" not in within.name
    assert region(EXPERIMENT, ["latency_ms.fake <= 0.8 * published"]).feasible is None


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
