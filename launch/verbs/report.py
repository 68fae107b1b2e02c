"""`nas report`: one self-contained HTML page about a run, finished or not."""

from pathlib import Path

from launch.json_text import json_text
from launch.report.facts.facts import read_facts
from launch.report.page import render
from launch.session import FolderError, RunFolder


def run(*, run: Path, as_json: bool, page: Path | None = None) -> int:
    folder = RunFolder(path=run)
    target, content = page or folder.report, render(read_facts(folder)).encode()
    try:
        folder.write_bytes(target, content)
    except OSError as error:
        raise FolderError(f"{target} cannot be written ({error}); give --out a file that can") from error
    print(json_text({"run": str(run), "report": str(target)}) if as_json else target)
    return 0
