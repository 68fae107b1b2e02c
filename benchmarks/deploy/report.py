"""What is run of each network, the tables of what came out, and whether it meets the bars."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.deploy.bytes import account
from benchmarks.deploy.graphs import operators
from benchmarks.deploy.processes import Measured
from launch.terminal import table
from nas.resources import peak_activation_bytes, weight_bytes
from nas.space import Network

RUNTIMES = ("eager", "compile", "onnx", "executorch")
PRECISIONS = ("fp32", "int8")
INTEGER_RUNTIMES = ("onnx", "executorch")  # they compute in integers
ENDINGS = {"onnx": ".onnx", "executorch": ".pte"}
SECOND_BAR_MS, SIZE_BAR, TIMED_BAR = 1000.0, 0.27, 0.05
MIB = 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A network's file in a runtime. `timed`: the graph of the latency device, not the export."""

    runtime: str
    precision: str
    path: Path
    timed: bool = False

    @property
    def name(self) -> str:
        return f"{self.runtime} {self.precision}{' timed' if self.timed else ''}"


def cases_of(folder: Path, runtimes: Sequence[str], precisions: Sequence[str]) -> list[Case]:
    """The files in `folder` that are run; beside each export the latency device's graph of the same network."""
    cases = []
    for runtime in runtimes:
        for precision in precisions:
            torchs = folder / ("fp32.py" if precision == "fp32" else "int8.pt2")
            path = folder / f"{precision}{ENDINGS[runtime]}" if runtime in ENDINGS else torchs
            cases.append(Case(runtime=runtime, precision=precision, path=path))
            if runtime in ENDINGS:
                timed = path.with_name(f"{precision}.timed{ENDINGS[runtime]}")
                cases.append(Case(runtime=runtime, precision=precision, path=timed, timed=True))
    return cases


def report(name: str, network: Network, cases: Sequence[Case], found: Mapping[str, Measured]) -> None:
    """Print the tables and the verdicts of one network."""
    print(f"\n{name}: {network.macs:,} MACs, {network.params:,} parameters, a picture of {network.input}")
    rows = [[case.name, *_cells(network, case, found[case.name])] for case in cases]
    print(table(["runtime", "quickest ms", "median ms", "file", "peak MiB", "activations + weights MiB"], rows))
    counted = [case for case in cases if case.runtime in ENDINGS and not case.timed]
    if counted:
        accounts = {case.name: account(case.path) for case in counted}
        heads = list(next(iter(accounts.values())))
        print(table(["bytes of the file", *heads],
                    [[one, *(f"{size:,}" for size in sizes.values())] for one, sizes in accounts.items()]))  # fmt: skip
    for line in verdicts(name, cases, found):
        print(line)
    sys.stdout.flush()


def _cells(network: Network, case: Case, found: Measured) -> list[str]:
    expected = sum(
        next(one for one in resources if one.name.endswith(case.precision)).of(network)
        for resources in (peak_activation_bytes.RESOURCES, weight_bytes.RESOURCES)
    )
    size = f"{_bytes(case):,}"
    return [
        f"{min(found.milliseconds):.2f}", f"{median(found.milliseconds):.2f}", size, f"{found.peak / MIB:.1f}",
        f"{expected / MIB:.1f}",
    ]  # fmt: skip


def _bytes(case: Case) -> int:
    """Of the file; of a winner's Python file with its weights."""
    weights = case.path.with_suffix(".pt")
    return case.path.stat().st_size + (weights.stat().st_size if case.path.suffix == ".py" else 0)


def verdicts(name: str, cases: Sequence[Case], found: Mapping[str, Measured]) -> list[str]:
    """A line for each bar, and whether it holds; quickest runs are compared."""
    quickest = {case.name: min(found[case.name].milliseconds) for case in cases}
    by_name = {case.name: case for case in cases}
    lines = []
    for runtime in dict.fromkeys(case.runtime for case in cases):
        pair = [by_name.get(f"{runtime} {precision}") for precision in PRECISIONS]
        if name == "published" and runtime == "executorch":
            lines += [
                _verdict(f"{case.name} {quickest[case.name]:.0f} ms (bar {SECOND_BAR_MS:.0f})",
                         quickest[case.name] < SECOND_BAR_MS) for case in pair if case
            ]  # fmt: skip
        if pair[0] and pair[1]:
            gain = quickest[pair[0].name] / quickest[pair[1].name]
            text = f"{runtime}: int8 is {gain:.2f} times as quick as fp32"
            lines.append(_verdict(f"{text} (bar 1)", gain >= 1) if runtime in INTEGER_RUNTIMES else text)
        if runtime in INTEGER_RUNTIMES and pair[0] and pair[1]:
            share = _bytes(pair[1]) / _bytes(pair[0])
            lines.append(_verdict(f"{runtime}: the file in int8 is {share:.3f} of fp32's (bar {SIZE_BAR})",
                                  share <= SIZE_BAR))  # fmt: skip
        lines += [_timed_verdict(case, by_name[f"{case.name} timed"], quickest)
                  for case in pair if case and f"{case.name} timed" in by_name]  # fmt: skip
    return lines


def _timed_verdict(exported: Case, timed: Case, quickest: Mapping[str, float]) -> str:
    ratio = quickest[exported.name] / quickest[timed.name]
    same = operators(exported.path) == operators(timed.path)
    text = (
        f"{exported.name}: the export has {'the' if same else 'NOT the'} operators of the graph that devices time, and "
        f"takes {ratio:.3f} of its time (bar 1 +- {TIMED_BAR})"
    )
    return _verdict(text, same and abs(ratio - 1) <= TIMED_BAR)


def _verdict(text: str, holds: bool) -> str:
    return f"{text} {'holds' if holds else 'MISSED'}"
