"""Real photographs of packages for tests, where `python -m benchmarks.fetch_photos` has put them; none is fetched."""

from pathlib import Path

import pytest

from benchmarks.real_photos.photos import cache_folder


def photo(name: str) -> Path:
    """The file of this name in the cache; skips the test, with the reason, where it is not there."""
    path = cache_folder() / name
    if not path.is_file():
        pytest.skip(f"{path} is not there; python -m benchmarks.fetch_photos puts it there")
    return path
