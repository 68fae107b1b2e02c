"""A search in which one training nearly diverged: it is named, and the predictor is what it is without it."""

import pytest

from launch.session import far_off_text, targets
from tests.experiments.tiny import Orders
from tests.launch.commands import Ended, Place, nas_alone, place_at

NAMED = "error lies absurdly far from that of the other trials (median 0."


@pytest.fixture(scope="module")
def exploded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Place, Ended]:
    place = place_at(tmp_path_factory.mktemp("exploded"), Orders(explode=("search-3",)))
    return place, nas_alone(*place.search("--json"))


@pytest.mark.slow
def test_the_search_names_it_once_and_judges_its_predictor_as_if_it_were_a_bad_one(
    exploded: tuple[Place, Ended],
) -> None:
    _, ended = exploded
    assert ended.code == 0, ended.err
    assert ended.err.count(NAMED) == 1 and "search-3 (1e+06); predictors learn it as just beyond theirs" in ended.err
    assert ended.record["predictor"]["rmse"] < 1 and ended.record["objective"]["predicted_std"] < 1


def test_the_report_names_it_and_draws_it_at_the_edge(exploded: tuple[Place, Ended]) -> None:
    place, _ = exploded
    page = place.run.report.read_text()
    assert NAMED in page and "search-3 (1e+06)" in page
    assert page.count("Trials that are absurdly far off are drawn at the edge.") == 1


@pytest.mark.slow
def test_without_one_nothing_is_said_and_nothing_changed(finished: tuple[Place, Ended]) -> None:
    place, ended = finished
    complete = [trial for trial in place.trials() if trial.phase == "search"]
    assert "absurdly far" not in ended.err and "absurdly far" not in place.run.report.read_text()
    assert far_off_text(complete, "error") is None
    assert targets(complete, "error").tolist() == [trial.metrics["error"] for trial in complete]
