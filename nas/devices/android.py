"""An Android phone over adb: programs as in `nas.devices.runtimes.executorch`, run by ExecuTorch's `executor_runner`.

Put the runner, built for Android with XNNPACK, where `runner` says:

    adb push executor_runner /data/local/tmp/chamnas/executor_runner
    adb shell chmod +x /data/local/tmp/chamnas/executor_runner

Of several phones, adb takes the one that ANDROID_SERIAL names.
"""

import functools
import hashlib
import re
import shutil
import subprocess
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from nas.devices.device import Timed
from nas.devices.runtimes.executorch import EXTRA, load_module
from nas.devices.runtimes.machine import version
from nas.space import Add, Network, Operator, Shape

FOLDER = "/data/local/tmp/chamnas"
NUM_RUNS = 10
LEAST_MS = 1e-4  # of an operator that hides in the overhead of a run: no time is zero
TIMEOUT_S = 120.0
PROPERTIES = {
    "phone": "ro.product.model",
    "processor": "ro.soc.model",
    "platform": "ro.build.version.release",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Android:
    """The device: `num_threads` and `int8` as of the device `executorch`; `runner` is a path on the phone."""

    int8: bool = False
    num_threads: int = 1
    runner: str = f"{FOLDER}/executor_runner"
    key: str = "android"

    def describe(self) -> Mapping[str, str]:
        _check(self.runner)
        said = {name: _adb("shell", "getprop", entry).strip() for name, entry in PROPERTIES.items()}
        return {
            **{name: value or "unknown" for name, value in said.items()},
            "runtime": f"executorch's executor_runner, programs by executorch {version('executorch', EXTRA)}, XNNPACK, "
            "one delegate",
            "precision": "int8, weights by channel" if self.int8 else "float32",
            "threads": str(self.num_threads),
        }

    def load_operator(self, op: Operator) -> Timed:
        _check(self.runner)
        program = load_module("nas.lowering.executorch").operator_program(op, int8=self.int8)
        return _Loaded(program, self.runner, self.num_threads, _empty_run_ms(self.runner, self.num_threads))

    def load_network(self, network: Network) -> Timed:
        _check(self.runner)
        program = load_module("nas.lowering.executorch").network_program(network, int8=self.int8)
        return _Loaded(program, self.runner, self.num_threads, 0.0)


DEVICE = Android()


class _Loaded:
    """A program on the phone, which is removed from there with this object."""

    def __init__(self, program: bytes, runner: str, num_threads: int, overhead_ms: float) -> None:
        self._runner, self._num_threads, self._overhead_ms = runner, num_threads, overhead_ms
        self._path = f"{FOLDER}/{hashlib.sha256(program).hexdigest()}.pte"
        with TemporaryDirectory() as folder:
            local = Path(folder, "program.pte")
            local.write_bytes(program)
            _adb("shell", "mkdir", "-p", FOLDER)
            _adb("push", str(local), self._path)
        weakref.finalize(self, _remove, self._path)

    def run_ms(self) -> float:
        """The fastest of some runs."""
        said = _adb(
            "shell",
            self._runner,
            f"--model_path={self._path}",
            f"--num_executions={NUM_RUNS}",
            f"--cpu_threads={self._num_threads}",
            "--print_output=none",
        )
        return max(LEAST_MS, _fastest_ms(said, self._runner) - self._overhead_ms)


@functools.cache  # one more start of the runner for each operator would double the time that loading takes
def _empty_run_ms(runner: str, num_threads: int) -> float:
    program = load_module("nas.lowering.executorch").operator_program(Add(input=Shape(1, 1, 1)), int8=False)
    return _Loaded(program, runner, num_threads, 0.0).run_ms()


def _fastest_ms(said: str, runner: str) -> float:
    """What the runner reports of each execution; older ones report only the sum."""
    single = [float(ms) for ms in re.findall(r"Iteration \d+ of \d+: ([\d.]+) ms", said)]
    if single:
        return min(single)
    total = re.search(r"Model executed successfully (\d+) time\(s\) in ([\d.]+) ms", said)
    if total is None:
        raise ValueError(
            f"{runner} on the phone reports no time, it says {said[-500:].strip()!r}; "
            "build executor_runner with EXECUTORCH_BUILD_XNNPACK=ON and EXECUTORCH_ENABLE_LOGGING=ON"
        )
    return float(total[2]) / int(total[1])


def _check(runner: str) -> None:
    """Refuse to go on without adb, a phone and the runner.

    Raises:
      ValueError: adb, a phone or the runner.
    """
    if shutil.which("adb") is None:
        raise ValueError("the device android needs adb, which is not on the PATH: install Android's platform-tools")
    state = subprocess.run(["adb", "get-state"], capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    if state.stdout.strip() != "device":
        raise ValueError(
            f"adb reaches no phone ({(state.stderr or state.stdout).strip()}): connect one, allow USB debugging on it, "
            "see that `adb devices` lists it, and of several name one in ANDROID_SERIAL"
        )
    if "there" not in _adb("shell", f"test -x {runner} && echo there || true"):
        raise ValueError(
            f"the phone has no program {runner}: build ExecuTorch's executor_runner for Android with XNNPACK, then "
            f"`adb push executor_runner {runner}` and `adb shell chmod +x {runner}`"
        )


def _adb(*arguments: str) -> str:
    """Output of adb and of what it runs.

    Raises:
      ValueError: it fails.
    """
    done = subprocess.run(
        ["adb", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    if done.returncode:
        raise ValueError(f"`adb {' '.join(arguments)}` fails: {done.stdout.strip()[-500:]}")
    return done.stdout


def _remove(path: str) -> None:
    subprocess.run(["adb", "shell", "rm", "-f", path], capture_output=True, timeout=TIMEOUT_S, check=False)
