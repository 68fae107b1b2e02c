"""What does a network cost where it is used: in PyTorch, compiled, in ONNX Runtime and in ExecuTorch, float32 and int8?

    taskset -c 0 python -m benchmarks.deploy [--size 384x288] [--networks published winner mobile] [--run RUN]
        [--runtimes eager compile onnx executorch] [--precisions fp32 int8] [--rounds 15] [--out runs/deploy]
    python -m benchmarks.deploy --ranking RUN [--longer 8] [--out runs/ranking]

One picture, one thread. The networks are the published one, the demo's winner (README's, or that of --run) and what one
would take without a search: a U-Net of MobileNetV2 blocks of the published one's multiply-accumulates. The files are
those of `nas export`; beside them run the graphs that the latency devices time ("timed"), which must have the same
operators and be as quick. Each network in each runtime is a process of its own; all of one network are loaded, then run
in turns, a few runs each, so that a machine that slows down slows all alike. Printed are the quickest and the median of
all runs, the size of the file, and peak memory beside the resource `peak_activation_bytes` and the weights' bytes.

PyTorch knows int8 as torch.export writes it: every tensor is rounded and dequantised in float32, step by step. That is
a reference, not a fast path, and it is held to no bar. --ranking asks whether a search's order survives: see
`benchmarks.deploy.ranking`. Files made once are kept in --out: lowering a network for phones takes minutes.
"""

import argparse
import os
import sys
from pathlib import Path

from benchmarks.deploy.networks import NAMES, networks, write_files
from benchmarks.deploy.processes import measure
from benchmarks.deploy.report import PRECISIONS, RUNTIMES, cases_of, report
from launch.terminal import read_size


def main() -> None:
    options = _options()
    if options.ranking is not None:
        from benchmarks.deploy.ranking import rank

        rank(options.ranking, options.out, longer=options.longer)
        return
    size = read_size(options.size)
    os.environ["OMP_NUM_THREADS"] = "1"
    os.environ["TORCHINDUCTOR_CACHE_DIR"] = str((options.out / "inductor").absolute())
    for name, folded in networks(tuple(options.networks), size, options.run).items():
        folder = options.out / f"{name}-{options.size}"
        print(f"making the files of {name}", file=sys.stderr)
        write_files(folded, folder, tuple(options.runtimes), tuple(options.precisions))
        cases = cases_of(folder, options.runtimes, options.precisions)
        found = measure(
            {case.name: (case.runtime, case.path) for case in cases}, size, rounds=options.rounds, runs=options.runs
        )
        report(name, folded.network, cases, found)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", default="384x288")
    parser.add_argument("--networks", nargs="+", choices=NAMES, default=list(NAMES))
    parser.add_argument("--run", type=Path, default=None, help="a run or training folder for the winner")
    parser.add_argument("--runtimes", nargs="+", choices=RUNTIMES, default=list(RUNTIMES))
    parser.add_argument("--precisions", nargs="+", choices=PRECISIONS, default=list(PRECISIONS))
    parser.add_argument("--rounds", type=int, default=15, help="turns of each process")
    parser.add_argument("--runs", type=int, default=2, help="runs in a turn")
    parser.add_argument("--ranking", type=Path, default=None, metavar="RUN", help="a finished search")
    parser.add_argument("--longer", type=int, default=8, help="than the search's trials, for --ranking")
    parser.add_argument("--out", type=Path, default=Path("runs/deploy"))
    return parser.parse_args()


if __name__ == "__main__":
    main()
