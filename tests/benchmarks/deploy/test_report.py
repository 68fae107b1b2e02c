"""What the benchmark of deployment says of its bars."""

from pathlib import Path

import pytest

from benchmarks.deploy import report
from benchmarks.deploy.processes import Measured


def test_bars_are_judged_by_the_quickest_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "operators", lambda path: [path.suffix])
    cases = report.cases_of(tmp_path, ["eager", "executorch"], ["fp32", "int8"])
    times = {
        "eager fp32": 3.0, "eager int8": 9.0, "executorch fp32": 1200.0, "executorch fp32 timed": 1210.0,
        "executorch int8": 800.0, "executorch int8 timed": 700.0,
    }  # fmt: skip
    for case in cases:
        case.path.write_bytes(bytes(1000 if case.precision == "fp32" else 280))
    found = {name: Measured(milliseconds=(ms, 5 * ms), loaded=1, peak=2) for name, ms in times.items()}
    lines = "\n".join(report.verdicts("published", cases, found))
    assert "eager: int8 is 0.33 times as quick as fp32\n" in lines
    assert "executorch fp32 1200 ms (bar 1000) MISSED" in lines and "executorch int8 800 ms (bar 1000) holds" in lines
    assert "executorch: int8 is 1.50 times as quick as fp32 (bar 1) holds" in lines
    assert "the file in int8 is 0.280 of fp32's (bar 0.27) MISSED" in lines
    assert "takes 0.992 of its time (bar 1 +- 0.05) holds" in lines and "takes 1.143 of its time" in lines
