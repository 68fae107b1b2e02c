"""The benchmark of deployment: its yardstick, its processes, its verdicts, and which architectures it ranks."""

from pathlib import Path

import pytest
import torch

from benchmarks import deploy
from benchmarks._deploy_networks import mobile_unet
from benchmarks._deploy_processes import Measured, measure
from benchmarks._deploy_ranking import across
from nas.lowering.torch_module import build, fold
from nas.record import Trial
from nas.space import Conv, Shape
from tests.experiments.tiny import SPACE

PUBLISHED_MACS = 6_831_333_504


def test_the_yardstick_has_the_published_networks_macs() -> None:
    network = mobile_unet(Shape(3, 384, 288), PUBLISHED_MACS)
    assert network.macs == pytest.approx(PUBLISHED_MACS, rel=0.03)
    assert network.nodes[-1].op.output == Shape(1, 384, 288)
    plain = {node.name.rsplit(".")[-1] for node in network.nodes if getattr(node.op, "activation", "relu6") == "none"}
    assert plain == {"project", "head"}
    assert all(node.op.width % 8 == 0 for node in network.nodes[:-1] if isinstance(node.op, Conv))


def test_the_yardstick_computes() -> None:
    module = fold(build(mobile_unet(Shape(3, 64, 32), 10_000_000)))
    with torch.inference_mode():
        assert module(torch.rand(2, 3, 64, 32)).shape == (2, 1, 64, 32)


def test_a_process_runs_when_it_is_told_and_tells_its_memory(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime", reason="pip install 'chamnas[onnx]'")
    from nas.lowering.onnx import onnx_model

    path = tmp_path / "net.onnx"
    path.write_bytes(onnx_model(SPACE.lower((0,) * SPACE.num_decisions), int8=False).SerializeToString())
    (one,) = measure({"a": ("onnx", path)}, (16, 16), rounds=3, runs=2).values()
    assert len(one.milliseconds) == 6 and min(one.milliseconds) > 0
    assert 0 < one.loaded <= one.peak < 200 * deploy.MIB


def test_bars_are_judged_by_the_quickest_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deploy, "operators", lambda path: [path.suffix])
    cases = deploy._cases(tmp_path, ["eager", "executorch"], ["fp32", "int8"])
    times = {
        "eager fp32": 3.0, "eager int8": 9.0, "executorch fp32": 1200.0, "executorch fp32 timed": 1210.0,
        "executorch int8": 800.0, "executorch int8 timed": 700.0,
    }  # fmt: skip
    for case in cases:
        case.path.write_bytes(bytes(1000 if case.precision == "fp32" else 280))
    found = {name: Measured(milliseconds=(ms, 5 * ms), loaded=1, peak=2) for name, ms in times.items()}
    lines = "\n".join(deploy._verdicts("published", cases, found))
    assert "eager: int8 is 0.33 times as quick as fp32\n" in lines
    assert "executorch fp32 1200 ms (bar 1000) MISSED" in lines and "executorch int8 800 ms (bar 1000) holds" in lines
    assert "executorch: int8 is 1.50 times as quick as fp32 (bar 1) holds" in lines
    assert "the file in int8 is 0.280 of fp32's (bar 0.27) MISSED" in lines
    assert "takes 0.992 of its time (bar 1 +- 0.05) holds" in lines and "takes 1.143 of its time" in lines


def test_those_that_are_ranked_come_from_across_the_search() -> None:
    trials = [
        Trial(
            phase="search", ticket=i, architecture=(i,), fidelity=1, origin="design",
            state="failed" if i == 3 else "complete", metrics={} if i == 3 else {"error": float((7 * i) % 10)},
        )
        for i in range(10)
    ]  # fmt: skip
    errors = [trial.metrics["error"] for trial in across(trials, "error")]
    assert len(errors) == 5 and errors == sorted(errors)
    assert (errors[0], errors[-1]) == (0.0, 9.0)
