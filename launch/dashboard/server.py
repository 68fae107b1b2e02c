"""The dashboard's server: on loopback alone, and for this machine's own browsers alone.

    /                 the page; of a folder of runs, a list of them
    /NAME/            a run of a folder
    page, data        below either: the page as it would be written now, and the script's data
    events            server-sent events: one whenever the record has changed

A page of somebody else's, open in the same browser, can send requests here but under another name of host, and is
refused. Nothing but these paths is served: no file of the disk by its name.
"""

import threading
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

from launch.dashboard.live_run import LiveRun, stamp
from launch.report.page import page
from launch.session import RunFolder

HOST = "127.0.0.1"
NAMES = ("127.0.0.1", "localhost")
LOOK_EVERY_S = 1.0
SILENCE_S = 15.0  # after it a comment is sent, by which a connection that is gone is noticed


class Dashboard(ThreadingHTTPServer):
    """Serves one run, or every run of a folder; `port` 0 takes a free one."""

    daemon_threads = True

    def __init__(self, path: Path, port: int) -> None:
        super().__init__((HOST, port), _Handler)
        self.path = path
        self.closing = threading.Event()
        self._known: dict[str, LiveRun] = {}
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.server_address[1]}/"

    def runs(self) -> Mapping[str, LiveRun]:
        """By their place below the root, "" for the one run."""
        with self._lock:
            for name, folder in runs_of(self.path).items():
                self._known.setdefault(name, LiveRun(folder=folder))
            return dict(self._known)

    def server_close(self) -> None:
        self.closing.set()
        super().server_close()


def runs_of(path: Path) -> dict[str, RunFolder]:
    """The run of a folder, or those of the folders in it, by name."""
    if RunFolder(path=path).settings_file.is_file():
        return {"": RunFolder(path=path)}
    folders = sorted(child for child in path.iterdir() if child.is_dir()) if path.is_dir() else []
    found = [RunFolder(path=folder) for folder in folders]
    return {folder.path.name: folder for folder in found if folder.settings_file.is_file()}


class _Handler(BaseHTTPRequestHandler):
    """One request."""

    server: Dashboard
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if not self._is_for_us():
            return self._send(HTTPStatus.FORBIDDEN, b"this dashboard answers under its own address alone", "text/plain")
        *folders, last = unquote(urlsplit(self.path).path).removeprefix("/").split("/")
        runs, name = self.server.runs(), "/".join(folders)
        if not folders and not last and "" not in runs:
            return self._send(HTTPStatus.OK, listing(self.server.path, runs).encode(), "text/html")
        if name not in runs or last not in self._answers():
            return self._send(HTTPStatus.NOT_FOUND, b"there is nothing here", "text/plain")
        self._answers()[last](runs[name])

    def _answers(self) -> Mapping[str, Callable[[LiveRun], None]]:
        return {
            "": lambda run: self._answer(run.quick_page, "text/html"),
            "page": lambda run: self._answer(run.page, "text/html"),
            "data": lambda run: self._answer(run.data, "application/json"),
            "events": self._tell,
        }

    def _is_for_us(self) -> bool:
        port = self.server.server_address[1]
        return self.headers.get("Host", "") in [f"{name}:{port}" for name in NAMES]

    def _answer(self, content: Callable[[], bytes], kind: str) -> None:
        """What a run cannot be shown for, such as that it is too young, is told in its place."""
        try:
            found = content()
        except (ValueError, OSError, RuntimeError) as error:
            return self._send(HTTPStatus.SERVICE_UNAVAILABLE, str(error).encode(), "text/plain")
        self._send(HTTPStatus.OK, found, kind)

    def _send(self, status: HTTPStatus, content: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        self.wfile.write(content)

    def _tell(self, run: LiveRun) -> None:
        """Say at once that there are data, and again whenever the record has changed, until the reader has gone."""
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.close_connection = True
        told, silent_s = None, 0.0
        try:
            while not self.server.closing.is_set():
                found = stamp(run.folder)
                silent_s = 0.0 if found != told else silent_s + LOOK_EVERY_S
                if found != told or silent_s > SILENCE_S:
                    self.wfile.write(b"data: changed\n\n" if found != told else b": still here\n\n")
                    silent_s = 0.0
                told = found
                self.server.closing.wait(LOOK_EVERY_S)
        except (OSError, ValueError):
            return  # the reader, or the run, has gone

    def log_message(self, format: str, *args: object) -> None:
        """Requests are not logged."""


def listing(path: Path, runs: Mapping[str, LiveRun]) -> str:
    """A page that names the runs of a folder."""
    return page("listing.html", folder=str(path), runs=[(name, _state(run.folder)) for name, run in runs.items()])


def _state(folder: RunFolder) -> str:
    if folder.winner.exists():
        return "finished"
    driver = folder.driver()
    return "stopped before its end" if driver is None else f"driven by {driver}"
