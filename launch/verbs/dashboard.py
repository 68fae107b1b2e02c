"""`nas dashboard`: the report of a run, or of every run of a folder, live on loopback until Ctrl-C."""

import sys
from pathlib import Path

from launch.dashboard.server import Dashboard, runs_of
from launch.json_text import json_text
from launch.session import FolderError


def run(*, run: Path, port: int, as_json: bool) -> int:
    if not runs_of(run):
        raise FolderError(
            f"{run} holds no run, nor any folder with one; name the folder given to --out, or one above it"
        )
    try:
        dashboard = Dashboard(run, port)
    except OSError as error:
        raise OSError(f"port {port} cannot be opened ({error.strerror}); give another --port, or 0 for any") from error
    print(json_text({"run": str(run), "url": dashboard.url}) if as_json else dashboard.url, flush=True)
    print("Ctrl-C ends it; the search goes on", file=sys.stderr)
    try:
        dashboard.serve_forever()
    except KeyboardInterrupt:
        return 0
    finally:
        dashboard.server_close()
    return 0
