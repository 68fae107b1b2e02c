"""What the real optuna-dashboard, and Optuna itself, see of a run: names, values, limits, notes and pictures."""

import io
import json
import threading
from collections.abc import Iterator
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server
from wsgiref.util import setup_testing_defaults

import optuna
import optuna_dashboard
import pytest
from optuna.artifacts import FileSystemArtifactStore
from optuna.storages.journal import JournalFileBackend, JournalStorage
from PIL import Image

from launch.session import RunFolder
from tests.experiments.tiny import SPACE
from tests.launch.commands import Place
from tests.launch.report.browsing import browser, window

pytestmark = pytest.mark.slow  # looks at a whole search


def opened(run: RunFolder) -> JournalStorage:
    """With Optuna's own reader: ours leaves parameters out."""
    return JournalStorage(JournalFileBackend(str(run.journal)))


@pytest.fixture(scope="module")
def dashboard(graded: Place) -> Any:
    """As `optuna-dashboard RUN/study.journal --artifact-dir RUN/pictures` has it."""
    return optuna_dashboard.wsgi(opened(graded.run), artifact_store=FileSystemArtifactStore(str(graded.run.pictures)))


def ask(app: Any, path: str) -> bytes:
    environment: dict[str, Any] = {"PATH_INFO": path}
    setup_testing_defaults(environment)
    answered: list[str] = []
    found = app(environment, lambda status, headers, error=None: answered.append(status))
    body = b"".join(found)
    getattr(found, "close", lambda: None)()
    assert answered == ["200 OK"], body
    return body


@pytest.fixture(scope="module")
def study(dashboard: Any) -> dict[str, Any]:
    (summary,) = json.loads(ask(dashboard, "/api/studies"))["study_summaries"]
    found: dict[str, Any] = json.loads(ask(dashboard, f"/api/studies/{summary['study_id']}"))
    return found | {"id": summary["study_id"]}


def attributes(trial: dict[str, Any]) -> dict[str, str]:
    return {one["key"]: one["value"] for one in trial["user_attrs"]}


def test_names_values_and_limits(graded: Place, study: dict[str, Any]) -> None:
    assert study["name"] == graded.run.settings()["study"] and study["objective_names"] == ["failed"]
    known = graded.trials()
    assert len(study["trials"]) == len(known)
    for shown, trial in zip(study["trials"], known, strict=True):
        assert shown["state"] == {"complete": "Complete", "failed": "Fail"}[trial.state]
        assert shown.get("values", []) == ([trial.metrics["failed"]] if trial.metrics else [])
        assert len(shown["constraints"]) == 2 and shown["number"] in range(len(known))
        decisions = {name: str(option) for name, option in SPACE.decisions(trial.architecture).items()}
        assert {one["name"]: one["param_external_value"] for one in shown["params"]} == decisions
    baseline = next(one for one in study["trials"] if "baseline" in attributes(one)["origin"])
    assert max(baseline["constraints"]) > 0, "the published network is beyond its own limits"


def test_notes_tell_what_the_limits_are_and_why_a_trial_failed(graded: Place, study: dict[str, Any]) -> None:
    note = study["note"]["body"]
    assert "the least failed" in note
    for i, limit in enumerate(graded.run.settings()["limits"]):
        assert f"    {i}: {limit}" in note
    notes = {attributes(one)["ticket"]: one["note"]["body"] for one in study["trials"] if one["state"] == "Fail"}
    assert list(notes) == ["4"] and notes["4"].startswith("    ") and "search-4 fails as it was told" in notes["4"]


def test_every_final_has_its_pictures(dashboard: Any, study: dict[str, Any]) -> None:
    for trial in study["trials"]:
        is_final = attributes(trial)["phase"] == "final"
        assert len(trial["artifacts"]) == (1 if is_final else 0)
        for artifact in trial["artifacts"]:
            assert artifact["mimetype"] == "image/png"
            content = ask(dashboard, f"/artifacts/{study['id']}/{trial['trial_id']}/{artifact['artifact_id']}")
            sheet = Image.open(io.BytesIO(content))
            assert sheet.size == (2 * 192, 2 * 192), "two samples in two views, enlarged"
            assert sheet.getpixel((0, 0)) == (0, 0, 0) and sheet.getpixel((200, 0)) == (1, 1, 1)


def test_optunas_best_trials_respect_the_limits(graded: Place) -> None:
    study = optuna.load_study(study_name=None, storage=opened(graded.run))
    feasible = [t for t in study.trials if t.values and max(t.constraints.values()) <= 0]
    least = min(trial.value for trial in feasible)
    assert {trial.value for trial in study.best_trials} == {least} and all(t in feasible for t in study.best_trials)
    assert min(trial.value for trial in study.trials if trial.values) < least, "or the limits would make no difference"


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *arguments: Any) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def url(dashboard: Any) -> Iterator[str]:
    with make_server("127.0.0.1", 0, dashboard, handler_class=Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()
        thread.join()


@pytest.mark.browser
def test_its_page_shows_the_study_and_its_note(url: str, study: dict[str, Any]) -> None:
    with browser() as running, window(running, own=url) as seen:
        seen.page.goto(f"{url}dashboard/studies/{study['id']}/note")
        seen.page.wait_for_selector("text=the least failed")
        assert study["name"] in seen.page.content()
