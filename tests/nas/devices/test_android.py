"""The phone, played by a script that is called adb: what is sent to it, what is read from it, and what it lacks."""

import gc
from pathlib import Path

import pytest

from nas.devices import android
from nas.space import Conv, Shape

pytest.importorskip("executorch", reason="pip install 'chamnas[executorch]'")

OP = Conv(input=Shape(4, 8, 8), width=6, kernel=3, activation="relu")
ITERATIONS = "Iteration 1 of 3: 0.900000 ms\nIteration 2 of 3: 0.500000 ms\nIteration 3 of 3: 0.700000 ms"
TOTAL = "I 00:00:00.1 executorch:executor_runner.cpp:410] Model executed successfully 4 time(s) in 2.000000 ms."


def play(monkeypatch: pytest.MonkeyPatch, folder: Path, *, state: str = "device", runner: str = ITERATIONS) -> Path:
    """Put a script on the PATH that writes down its arguments and answers; an empty answer of the runner: no runner."""
    script, calls = folder / "adb", folder / "calls"
    script.write_text(f"""#!/bin/sh
echo "$@" >> {calls}
case "$*" in
  get-state) [ "{state}" = device ] && echo device || {{ echo "error: {state}" >&2; exit 1; }};;
  *ro.product.model) echo Pixel 4;;
  *"test -x"*) [ -n "{bool(runner) or ""}" ] && echo there || true;;
  *--model_path*) echo '{runner}';;
esac
""")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    android._empty_run_ms.cache_clear()
    return calls


@pytest.mark.slow
def test_the_fastest_iteration_counts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    calls = play(monkeypatch, tmp_path)
    monkeypatch.setattr(android, "_empty_run_ms", lambda runner, num_threads: 0.125)
    timed = android.DEVICE.load_operator(OP)
    assert timed.run_ms() == pytest.approx(0.5 - 0.125)
    del timed
    gc.collect()
    said = calls.read_text().splitlines()
    (push,) = [line for line in said if line.startswith("push ")]
    path = push.split()[-1]
    assert path.startswith("/data/local/tmp/chamnas/") and path.endswith(".pte")
    runs = [line for line in said if "--model_path" in line]
    wanted = f"shell {android.DEVICE.runner} --model_path={path} --num_executions=10 --cpu_threads=1"
    assert runs == [f"{wanted} --print_output=none"]
    assert f"shell rm -f {path}" in said


def test_the_time_of_an_empty_run_is_taken_off(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    play(monkeypatch, tmp_path)
    assert android.DEVICE.load_operator(OP).run_ms() == android.LEAST_MS  # this phone needs as long for nothing at all


def test_a_runner_that_reports_the_sum_is_understood(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    play(monkeypatch, tmp_path, runner=TOTAL)
    monkeypatch.setattr(android, "_empty_run_ms", lambda runner, num_threads: 0.0)
    assert android.DEVICE.load_operator(OP).run_ms() == pytest.approx(0.5)


def test_it_says_what_the_phone_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    play(monkeypatch, tmp_path)
    described = android.DEVICE.describe()
    assert described["phone"] == "Pixel 4" and described["processor"] == "unknown"
    assert described["precision"] == "float32" and described["threads"] == "1"


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ValueError, match="needs adb, which is not on the PATH: install Android's platform-tools"):
        android.DEVICE.load_operator(OP)
    play(monkeypatch, tmp_path, state="no devices/emulators found")
    with pytest.raises(
        ValueError, match=r"adb reaches no phone .*no devices/emulators found.*: connect one, allow USB"
    ):
        android.DEVICE.describe()
    play(monkeypatch, tmp_path, runner="")
    with pytest.raises(ValueError, match=r"no program .*/executor_runner: build ExecuTorch's .*`adb push executor_"):
        android.DEVICE.load_operator(OP)


def test_a_runner_that_says_no_time_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    play(monkeypatch, tmp_path, runner="Aborted")
    with pytest.raises(ValueError, match="reports no time, it says 'Aborted'; build executor_runner with EXECUTORCH_B"):
        android.DEVICE.load_operator(OP)
