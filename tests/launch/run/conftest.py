"""One run with a failed trial and pictures of its finals, not to be changed."""

import pytest

from tests.experiments.tiny import Orders
from tests.forked import ROOT
from tests.launch.commands import Place, nas, place_at

GRADED = str(ROOT / "tests/experiments/graded.py")


@pytest.fixture(scope="session")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Place:
    place = place_at(tmp_path_factory.mktemp("graded"), Orders(fail=("search-4",)))
    ended = nas(*place.search("--trials", "8", experiment=GRADED))
    assert ended.code == 0, ended.err
    return place
