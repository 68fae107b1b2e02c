"""The report of a run."""

from launch.folder import RunFolder


def write_report(folder: RunFolder) -> None:
    folder.write_bytes(folder.report, b"")
