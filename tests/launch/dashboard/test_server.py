"""The dashboard answers this machine's own browsers, says when a record has changed, and serves nothing else."""

import json
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

from launch.dashboard.server import Dashboard, runs_of
from launch.session import RunFolder
from launch.session.session import load_experiment, open_history
from tests.launch.commands import TINY, nas
from tests.launch.recorded import closed, record

NUM_TRIALS = 12


@contextmanager
def serving(path: Path) -> Iterator[Dashboard]:
    dashboard = Dashboard(path, 0)
    thread = threading.Thread(target=dashboard.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield dashboard
    finally:
        dashboard.shutdown()
        dashboard.server_close()
        thread.join()


def ask(dashboard: Dashboard, path: str, host: str | None = None) -> tuple[int, str]:
    connection = HTTPConnection(*dashboard.server_address[:2])
    try:
        connection.request("GET", path, headers={"Host": host} if host else {})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def tickets(dashboard: Dashboard) -> list[int]:
    found: list[int] = json.loads(ask(dashboard, "/data")[1])["trials"]["ticket"]
    return found


def add_trials(folder: RunFolder, tickets: range) -> None:
    settings = folder.settings()
    experiment = load_experiment(TINY)
    history = open_history(folder, settings, experiment, create=False)
    record(history, experiment, tickets)
    closed(history)


def test_the_page_and_its_data_are_served_and_nothing_else(folder: RunFolder) -> None:
    with serving(folder.path) as dashboard:
        status, html = ask(dashboard, "/")
        assert status == 200 and "connect-src 'self'" in html and "Being worked out." in html
        assert tickets(dashboard)[:NUM_TRIALS] == list(range(NUM_TRIALS))
        for path in ("/experiment.json", "/../experiment.json", "/run/", "/page/../experiment.json", "/%2e%2e/"):
            assert ask(dashboard, path)[0] == 404


def test_another_name_of_host_is_refused(folder: RunFolder) -> None:
    with serving(folder.path) as dashboard:
        port = dashboard.server_address[1]
        assert ask(dashboard, "/data", host=f"evil.example:{port}")[0] == 403
        assert ask(dashboard, "/data", host=f"localhost:{port}")[0] == 200
        assert dashboard.server_address[0] == "127.0.0.1"


def test_a_change_of_the_record_is_told_and_read(folder: RunFolder, tmp_path: Path) -> None:
    run = RunFolder(path=Path(shutil.copytree(folder.path, tmp_path / "run")))
    with serving(run.path) as dashboard:
        connection = HTTPConnection(*dashboard.server_address[:2])
        connection.request("GET", "/events")
        events = connection.getresponse()
        assert _next(events) == "data: changed"
        before = tickets(dashboard)
        add_trials(run, range(NUM_TRIALS, NUM_TRIALS + 2))
        assert _next(events) == "data: changed"
        assert len(tickets(dashboard)) == len(before) + 2
        connection.close()


def _next(events: HTTPResponse) -> str:
    """The next event, comments and empty lines left out."""
    while True:
        line = events.readline().decode().strip()
        if line.startswith("data:"):
            return line


def test_the_runs_of_a_folder_are_listed(folder: RunFolder, tmp_path: Path) -> None:
    for name in ("one", "<b>two"):
        shutil.copytree(folder.path, tmp_path / name)
    (tmp_path / "other").mkdir()
    assert list(runs_of(tmp_path)) == ["<b>two", "one"]
    with serving(tmp_path) as dashboard:
        html = ask(dashboard, "/")[1]
        assert '<a href="one/">one</a>' in html and "&lt;b&gt;two" in html and "<b>two" not in html
        assert ask(dashboard, "/%3Cb%3Etwo/")[0] == 200 and ask(dashboard, "/one/data")[0] == 200


def test_what_cannot_be_shown_yet_is_told(folder: RunFolder, tmp_path: Path) -> None:
    run = RunFolder(path=Path(shutil.copytree(folder.path, tmp_path / "run")))
    run.latency_table("fake").unlink()
    with serving(run.path) as dashboard:
        status, text = ask(dashboard, "/")
        assert status == 503 and "is not there yet; wait for the first trial" in text


def test_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    refused = nas("dashboard", str(tmp_path), "--port", "0")
    assert refused.code == 2 and "holds no run, nor any folder with one" in refused.err
