"""Conditions of a timing, such as load and clock: they explain a table, and are no part of what identifies it."""

import os
from datetime import UTC, datetime
from pathlib import Path


def conditions() -> dict[str, str]:
    """Time, load and clock of this machine now, as far as it tells."""
    found = {"time": datetime.now(UTC).isoformat(timespec="seconds")}
    if hasattr(os, "getloadavg"):
        found["load"] = f"{os.getloadavg()[0]:.2f} on {os.cpu_count()} CPUs"
    if clocks := _clocks_mhz():
        found["clock"] = f"{min(clocks):.0f} to {max(clocks):.0f} MHz"
    return found


def _clocks_mhz() -> list[float]:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    return [float(line.split(":")[1]) for line in lines if line.startswith("cpu MHz")]
