"""One finished run for all tests here; those that change it take a copy."""

import pytest

from launch.session import RunFolder
from tests.launch.commands import nas, place_at


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    place = place_at(tmp_path_factory.mktemp("dashboard"))
    ended = nas(*place.search())
    assert ended.code == 0, ended.err
    return place.run
