"""The tutorial on resources: short files, commands that run a real small search, errors that are the real ones."""

import ctypes
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from launch.cli import nas
from nas.devices import fake
from nas.plugins import RESOURCES, load_file
from nas.space.variants import operators
from tests.docs import pages
from tests.experiments.tiny import SPACE

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "writing-a-resource.md").read_text()
OPERATORS = {op.key: op for op in operators(SPACE)}


def block(language: str, start: str) -> str:
    found = re.findall(rf"^```{language}\n({re.escape(start)}.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    assert len(found) == 1
    return str(found[0])


def commands() -> list[list[str]]:
    return [shlex.split(line) for line in re.findall(r"^    nas (.*)$", TEXT, re.MULTILINE)]


def write_files(folder: Path) -> None:
    """The page's files, and an energy table of the documented form for the tiny space."""
    (folder / "mine.py").write_text("from tests.experiments.tiny import SPACE, experiment\n")
    for name in ("my_resource.py", "my_energy.py", "measure_energy.py"):
        (folder / name).write_text(block("python", f"# {name}\n"))
    header = block("csv", "operator").splitlines()[0]
    rows = [f"{key},{1e-3 + 1e-7 * op.macs}" for key, op in OPERATORS.items()]
    (folder / "energy.csv").write_text("\n".join([header, *rows, ""]))


def called(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        nas.main(args=list(arguments), standalone_mode=False)
    assert isinstance(ended.value.code, int)
    return ended.value.code


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with the page's files, in which its search has run."""
    folder = tmp_path_factory.mktemp("page")
    write_files(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        (search,) = [command for command in commands() if command[0] == "search"]
        assert called(*search, "--executor", "serial", "--cache", "cache") == 0
        yield folder


def test_a_resource_takes_fewer_than_25_lines() -> None:
    for name in ("my_resource.py", "my_energy.py"):
        assert len(block("python", f"# {name}\n").splitlines()) < 25


@pytest.mark.slow
def test_every_command_answers(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    others = [command for command in commands() if command[0] != "search"]
    assert sorted(command[0] for command in others) == ["front", "info", "info", "report", "select", "select"]
    for command in others:
        assert called(*command) == 0
        names = re.findall(r"my_\w+\.py:[\w.]+", " ".join(command))
        assert all(name in capsys.readouterr().out for name in names)


@pytest.mark.slow
def test_the_winner_meets_the_limit_that_the_page_sets(place: Path) -> None:
    winner = json.loads((place / "run" / "winner.json").read_text())
    name = "my_resource.py:sram_bytes.peak"
    predicted = winner["resources"][name]
    assert predicted["unit"] == "bytes" and predicted["predicted"] == predicted["measured"] <= 24_000
    assert f">{name} &lt;= 24KB</th>" in (place / "run" / "report.html").read_text()


@pytest.mark.slow
def test_the_energy_of_a_network_is_the_sum_of_its_rows(place: Path) -> None:
    (energy,) = RESOURCES.load(str(place / "my_energy.py"))
    network = SPACE.lower(SPACE.reference("published"))
    assert energy.of(network) == pytest.approx(1e-3 * len(network.nodes) + 1e-7 * network.macs)


@pytest.mark.slow
def test_the_rows_on_the_page_are_operators_of_the_space_that_it_stands_for(place: Path) -> None:
    keys = [line.split(",")[0] for line in block("csv", "operator").splitlines()[1:]]
    assert keys and set(keys) <= set(OPERATORS)
    program = block("python", "from mine import SPACE")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=place, env=environment, capture_output=True, text=True, check=True
    )
    assert run.stdout.splitlines() == sorted(OPERATORS)


# Measuring -------------------------------------------------------------------------------------------------------


@pytest.fixture
def measuring(place: Path) -> Any:
    return load_file(place / "measure_energy.py")


def test_energy_is_what_the_counter_gained_over_the_number_of_runs(measuring: Any) -> None:
    class Burning:
        total_uj = 123

        def run_ms(self) -> float:
            self.total_uj += 5000
            return 4.0

    loaded = Burning()
    assert measuring.energy_mj(loaded, lambda: loaded.total_uj) == 5.0
    assert loaded.total_uj == 123 + (1 + 250) * 5000  # one run to warm up, then a second's worth


def test_what_it_prints_is_the_table_that_the_resource_reads(
    measuring: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "energy_uj").write_text("17\n")
    monkeypatch.setattr(measuring, "ZONE", tmp_path)
    monkeypatch.setattr(measuring, "energy_mj", lambda loaded, read_uj: loaded.run_ms() + read_uj())
    measuring.main("mine.py", "fake", "rapl")
    write_files(tmp_path)
    (tmp_path / "energy.csv").write_text(capsys.readouterr().out)
    (energy,) = RESOURCES.load(str(tmp_path / "my_energy.py"))
    for op in OPERATORS.values():
        assert energy.measure(op) == fake.DEVICE.load_operator(op).run_ms() + 17


def test_without_rapl_it_says_what_is_missing(measuring: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "ZONE", tmp_path)
    with pytest.raises(SystemExit, match=r"rapl cannot be read here: \[Errno 2\] No such file or directory"):
        measuring.main("mine.py", "fake", "rapl")
    assert "`rapl cannot be read here: [Errno 2] No such file or directory`" in TEXT


class FakeNvml:
    """A driver whose GPU has used 7 mJ; `status` is what it answers when asked for that."""

    def __init__(self, status: int) -> None:
        self.status = status

    def nvmlInit_v2(self) -> int:
        return 0

    def nvmlDeviceGetHandleByIndex_v2(self, index: int, handle: Any) -> int:
        return index

    def nvmlDeviceGetTotalEnergyConsumption(self, handle: Any, total_mj: Any) -> int:
        total_mj._obj.value = 7
        return self.status


def test_nvml_counts_in_millijoules_or_says_why_it_does_not(measuring: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda name: FakeNvml(status=0))
    assert measuring.nvml_uj() == 7000
    monkeypatch.setattr(ctypes, "CDLL", lambda name: FakeNvml(status=3))
    with pytest.raises(SystemExit, match=r"nvml cannot be read here: NVML answers \[0, 0, 3\], 3 is: not supported"):
        measuring.main("mine.py", "fake", "nvml")


# Errors ----------------------------------------------------------------------------------------------------------


def refusal(folder: Path, limit: str) -> str:
    """What `nas info` says, in a process of its own: here, the checks of types would speak first."""
    ended = pages.nas(folder, "info", "mine.py", "--limit", limit)
    assert (ended.returncode, ended.stdout) == (2, "")
    return ended.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "right", "wrong", "name"),
    [
        ("my_resource.py", "RESOURCES", "RESOURCE", "sram_bytes.peak"),
        ("my_resource.py", ' unit="bytes",', "", "sram_bytes.peak"),
        ("my_resource.py", "return -", "-", "sram_bytes.peak"),
        ("my_resource.py", "shape.channels", "shape.chanels", "sram_bytes.peak"),
        ("energy.csv", "conv k3 s1 g1 relu 3>4 @16x16", "conv k3 s1 g1 relu 3>4 @32x32", "energy_mj"),
    ],
)
def test_the_errors_are_the_real_ones(tmp_path: Path, file: str, right: str, wrong: str, name: str) -> None:
    write_files(tmp_path)
    source = (tmp_path / file).read_text()
    assert right in source
    (tmp_path / file).write_text(source.replace(right, wrong))
    script = file if file.endswith(".py") else "my_energy.py"
    assert f"    {refusal(tmp_path, f'{script}:{name} <= 1K')}".replace(f"{tmp_path}/", "") in TEXT


@pytest.mark.slow
def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    write_files(tmp_path)
    assert f"    {refusal(tmp_path, 'my_resorce.py:sram_bytes.peak <= 1K')}".replace(str(tmp_path), "/home/me") in TEXT
