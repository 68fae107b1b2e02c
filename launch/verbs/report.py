"""`nas report`: one self-contained HTML page about a run, finished or not."""

from pathlib import Path

from launch.folder import RunFolder
from launch.json_text import json_text
from launch.report.page import write_report


def run(*, run: Path, as_json: bool) -> int:
    folder = RunFolder(path=run)
    write_report(folder)
    print(json_text({"run": str(run), "report": str(folder.report)}) if as_json else folder.report)
    return 0
