"""TensorBoard's and MLflow's own readers find winner and finals of a run: figures, limits, pictures, files."""

import importlib.util
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from launch.loggers import check, check_loggers
from launch.loggers.run_facts import run_facts
from launch.loggers.tensorboard import CurveLog
from launch.session import RunFolder
from nas.deploy import Row
from tests.experiments.tiny import trained
from tests.launch.commands import GRADED, Place, nas

pytestmark = pytest.mark.slow  # looks at a whole search


@pytest.fixture
def copied(graded: Place, tmp_path: Path) -> RunFolder:
    return RunFolder(path=Path(shutil.copytree(graded.run.path, tmp_path / "copied")))


def log(graded: Place, run: RunFolder, *names: str) -> str:
    """The same search again, which is done: nothing is trained, and it is logged."""
    before = len(trained(graded.orders))
    options = [word for name in names for word in ("--log", name)]
    ended = nas(*graded.search("--trials", "8", "--out", str(run.path), *options, experiment=GRADED))
    assert ended.code == 0, ended.err
    assert len(trained(graded.orders)) == before
    return ended.err


def expected(run: RunFolder) -> dict[str, list[tuple[int, float]]]:
    """By tag, steps and values, from the run's own files."""
    record = run.read_json(run.winner)
    known: dict[str, list[tuple[int, float]]] = {}
    for final in record["finals"]:
        step = int(final["trial"].split("-")[1])
        for name, value in {**final["metrics"], **final["measured"]}.items():
            known.setdefault(f"final/{name}", []).append((step, value))
        for limit in record["limits"]:
            known.setdefault(f"limit/{limit['resource']}", []).append((step, limit["bound"]))
    return known | {"winner/failed": [(0, record["metrics"]["failed"])]}


def test_tensorboard_reads_one_run_with_its_figures_and_pictures(graded: Place, copied: RunFolder) -> None:
    for _ in range(2):  # logged again, it is still one
        assert f"tensorboard --logdir {copied.path}" in log(graded, copied, "tensorboard").replace("\n", "")
    place = copied.path / "tensorboard"
    assert len(list(place.iterdir())) == 1
    events = EventAccumulator(str(place), size_guidance={"images": 0, "scalars": 0})
    events.Reload()
    for tag, series in expected(copied).items():
        found = events.Scalars(tag)
        assert [one.step for one in found] == [step for step, _ in series]
        np.testing.assert_allclose([one.value for one in found], [value for _, value in series], rtol=1e-6)
    least = [one.value for one in events.Scalars("search/least failed")]
    assert least == sorted(least, reverse=True) and len(least) == 7, "all but the trial that failed"
    names = [final["trial"] for final in copied.read_json(copied.winner)["finals"]]
    assert events.Tags()["images"] == [f"pictures/{name}" for name in names]
    with Image.open(copied.artifacts / f"{names[0]}.png") as sheet:
        (shown,) = events.Images(f"pictures/{names[0]}")
        assert (shown.width, shown.height) == sheet.size
    (text,) = events.Tensors("run/text_summary")
    assert b"macs <= 0.7 * published" in text.tensor_proto.string_val[0]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # MLflow's own use of SQLAlchemy
def test_mlflow_reads_one_run_with_its_figures_and_files(
    graded: Place, copied: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("mlflow", reason="MLflow is not installed; pip install 'chamnas[mlflow]'")
    from mlflow import MlflowClient

    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    for _ in range(2):
        assert "mlflow ui --backend-store-uri sqlite:///" in log(graded, copied, "mlflow")
    client: Any = MlflowClient(tracking_uri=f"sqlite:///{copied.path}/mlflow/mlflow.db")
    (run,) = client.search_runs([client.get_experiment_by_name("chamnas").experiment_id])
    assert run.info.status == "FINISHED" and run.data.params["limit 0"] == "macs <= 0.7 * published"
    for tag, series in expected(copied).items():
        history = client.get_metric_history(run.info.run_id, tag)
        assert sorted((one.step, one.value) for one in history) == series
    kept = {file.path for file in client.list_artifacts(run.info.run_id)}
    assert kept == {"winner.json", "winner.pt", "winner.py", "report.html", "pictures"}
    kept_json = Path(client.download_artifacts(run.info.run_id, "winner.json"))
    assert kept_json.read_bytes() == copied.winner.read_bytes()
    assert len(client.list_artifacts(run.info.run_id, "pictures")) == len(run_facts(copied).pictures) > 1


def test_a_logger_whose_package_is_not_installed_is_refused_before_anything_is_trained(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(check.MODULES, "mlflow", "not_installed_anywhere")
    ended = nas(*place.search("--log", "mlflow"))
    assert ended.code == 2 and not place.run.path.exists()
    sentence = "error: --log mlflow needs a package that is not installed; pip install 'chamnas[mlflow]'\n"
    assert ended.err == sentence
    check_loggers(["tensorboard"])
    assert importlib.util.find_spec("tensorboard")


def test_a_curve_is_written_row_by_row_and_begins_anew_when_a_training_goes_on(tmp_path: Path) -> None:
    rows = tuple(
        Row(step=step, loss=None if step == 0 else 1 / step, learning_rate=None, metrics={"error": 0.5 - step / 100})
        for step in range(0, 30, 10)
    )
    for parts in ((rows[:1], rows[:2]), (rows[:2], rows)):
        curve = CurveLog(tmp_path)
        for known in parts:
            curve.rows(known)
        curve.close()
    events = EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    assert [one.step for one in events.Scalars("validation/error")] == [0, 10, 20]
    assert [(one.step, one.value) for one in events.Scalars("loss")] == [
        (10, pytest.approx(0.1)),
        (20, pytest.approx(0.05)),
    ]
