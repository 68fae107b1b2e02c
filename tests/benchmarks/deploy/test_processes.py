"""Processes that hold a network and run it when they are told."""

from pathlib import Path

import pytest

from benchmarks.deploy.processes import measure
from tests.experiments.tiny import SPACE

MOST_BYTES = 200 * 2**20


@pytest.mark.slow
def test_a_process_runs_when_it_is_told_and_tells_its_memory(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime", reason="pip install 'chamnas[onnx]'")
    from nas.lowering.onnx import onnx_model

    path = tmp_path / "net.onnx"
    path.write_bytes(onnx_model(SPACE.lower((0,) * SPACE.num_decisions), int8=False).SerializeToString())
    (one,) = measure({"a": ("onnx", path)}, (16, 16), rounds=3, runs=2).values()
    assert len(one.milliseconds) == 6 and min(one.milliseconds) > 0
    assert 0 < one.loaded <= one.peak < MOST_BYTES
