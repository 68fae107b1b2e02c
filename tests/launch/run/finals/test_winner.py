"""Which final wins, and what is written of it."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from launch.pricing import Pricing, price
from launch.run.finals.winner import Finalist, LimitCheck, choose, finalist, quality_check, write
from launch.session import RunFolder
from launch.verbs.search import tell
from nas.costs import Limit
from nas.record import TaskCard, Trial
from nas.resources import macs, params
from nas.search import QualityLimit
from nas.space import Architecture
from predictors import ridge
from tests.experiments.tiny import SPACE, error_of

SMALL, PUBLISHED = (0,) * SPACE.num_decisions, SPACE.reference("published")


def final(architecture: Architecture, *, ticket: int = 0, error: float = 0.5) -> Trial:
    return Trial(
        phase="final", ticket=ticket, architecture=architecture, fidelity=5, origin="predicted", state="complete",
        metrics={"error": error}, duration_s=1.0,
    )  # fmt: skip


def check(measured: float, *, bound: float = 10.0, relation: str = "<=") -> LimitCheck:
    holds = measured <= bound if relation == "<=" else measured >= bound
    return LimitCheck(
        text=f"macs {relation} {bound}", resource="macs", relation=relation, unit="MACs", bound=bound, predicted=9.0,
        measured=measured, margin=0.0, holds=holds,
    )  # fmt: skip


def judged(error: float, *measured: float) -> Finalist:
    checks = tuple(check(value) for value in measured)
    return Finalist(trial=final(SMALL, error=error), predicted={}, measured={}, checks=checks)


@pytest.fixture(scope="module")
def pricing() -> Pricing:
    return price(SPACE, [*macs.RESOURCES, *params.RESOURCES], baseline="published")


def test_the_best_that_meets_every_limit_wins() -> None:
    finalists = [judged(0.1, 9.0, 10.5), judged(0.3, 9.0, 10.0), judged(0.2, 8.0, 9.5), judged(0.4, 1.0, 1.0)]
    assert choose(finalists, "error") is finalists[2]


def test_if_none_meets_them_the_nearest_wins_whatever_its_error() -> None:
    finalists = [judged(0.1, 20.0), judged(0.9, 10.1), judged(0.2, 10.5)]
    assert choose(finalists, "error") is finalists[1]


def test_without_limits_the_least_error_wins() -> None:
    finalists = [judged(0.3), judged(0.1), judged(0.2)]
    assert choose(finalists, "error") is finalists[1]


def test_what_is_shipped_decides_where_every_final_was_measured_in_int8() -> None:
    def both(error: float, int8: float) -> Finalist:
        one = judged(error)
        return replace(one, trial=replace(one.trial, metrics={"error": error, "error_int8": int8}))

    finalists = [both(0.1, 0.5), both(0.2, 0.3), both(0.3, 0.4)]
    assert choose(finalists, "error") is finalists[1]
    assert choose([*finalists[:2], judged(0.9)], "error") is finalists[0]
    trials = [one.trial for one in finalists]
    limit = QualityLimit(metric="error", amount=0.35, reference=None, text="error <= 0.35")
    assert quality_check(limit, trials[0], trials, 0.1).measured == 0.5


def test_an_excess_is_a_share_of_the_bound_in_either_direction() -> None:
    assert check(12.0).excess == pytest.approx(0.2)
    assert check(8.0, relation=">=").excess == pytest.approx(0.2)
    assert check(10.0).excess == check(10.0, relation=">=").excess == 0.0
    assert check(1.0, bound=0.0).excess == float("inf")


def test_the_measured_value_decides_and_the_predicted_one_is_reported(pricing: Pricing) -> None:
    limit = Limit(resource="macs", relation="<=", bound=1e6, text="macs <= 1e6")
    predicted = pricing.costs(SMALL)["macs"]
    (found,) = finalist(final(SMALL), {"macs": 2e6}, [limit], pricing).checks
    assert (found.predicted, found.measured, found.unit, found.holds) == (predicted, 2e6, "MACs", False)


def test_what_cannot_be_measured_is_judged_by_its_exact_count(pricing: Pricing) -> None:
    limit = Limit(resource="params", relation=">=", bound=1.0, text="params >= 1")
    (found,) = finalist(final(SMALL), {}, [limit], pricing).checks
    assert found.measured == found.predicted == pricing.costs(SMALL)["params"] and found.holds


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return RunFolder(path=tmp_path)


def written(folder: RunFolder, pricing: Pricing, measured: Mapping[str, float], bound: float = 1e9) -> dict[str, Any]:
    limit = Limit(resource="macs", relation="<=", bound=bound, text=f"macs <= {bound:g}")
    finals = [
        finalist(final(row, ticket=i, error=error_of(row)), measured, [limit], pricing)
        for i, row in enumerate((PUBLISHED, SMALL))
    ]
    population = SPACE.sample(20, np.random.default_rng(0))
    errors = np.array([error_of(tuple(row)) for row in population.tolist()])
    write(
        choose(finals, "error"),
        finals,
        folder=folder,
        pricing=pricing,
        fitted=ridge.PREDICTOR.fit(pricing.features(population), errors),
        search_fidelity=1,
        objective="error",
        card=TaskCard(),
        context={"num_trials": 20, "baselines": {"nothing": {"error": 1.0}}},
    )
    return folder.read_json(folder.winner)


def test_the_record_tells_predicted_and_measured_with_units(folder: RunFolder, pricing: Pricing) -> None:
    record = written(folder, pricing, {"macs": 5e5})
    costs = pricing.costs(PUBLISHED)
    assert record["architecture"] == list(PUBLISHED) and record["decisions"] == SPACE.decisions(PUBLISHED)
    assert record["resources"] == {
        "macs": {"unit": "MACs", "predicted": costs["macs"], "measured": 5e5},
        "params": {"unit": "parameters", "predicted": costs["params"], "measured": None},
    }
    assert record["limits"] == [
        {"text": "macs <= 1e+09", "resource": "macs", "relation": "<=", "unit": "MACs", "bound": 1e9,
         "predicted": costs["macs"], "measured": 5e5, "margin": 0.0, "holds": True, "binding": True, "doubt": ""}
    ]  # fmt: skip
    objective = record["objective"]
    assert objective["measured"] == error_of(PUBLISHED) and objective["measured_at_fidelity"] == 5
    assert objective["predicted"] == pytest.approx(error_of(PUBLISHED), abs=0.1)
    assert objective["predicted_at_fidelity"] == 1 and objective["predicted_std"] > 0
    assert json.loads(json.dumps(record)) == record


def test_the_winners_weights_are_its_own_and_source_stands_beside_them(folder: RunFolder, pricing: Pricing) -> None:
    weights = folder.artifacts / "final-0.pt"
    folder.write_bytes(weights, b"weights of the published one")
    folder.write_bytes(folder.artifacts / "final-1.pt", b"weights of the small one")
    written(folder, pricing, {"macs": 5e5})
    assert (folder.path / "winner.pt").read_bytes() == b"weights of the published one"
    namespace: dict[str, object] = {"__file__": str(folder.path / "winner.py")}
    exec(compile((folder.path / "winner.py").read_text(), "winner.py", "exec"), namespace)
    model = namespace["Winner"]()  # type: ignore[operator]  # code from a string
    assert model(torch.zeros(1, 3, 16, 16)).shape == (1, 1, 16, 16)


@pytest.mark.parametrize("as_json", [False, True])
def test_the_exit_status_says_whether_the_limits_hold(
    folder: RunFolder, pricing: Pricing, as_json: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    written(folder, pricing, {"macs": 5e5}, bound=1e6)
    assert tell(folder, as_json=as_json) == 0
    held = capsys.readouterr().out
    written(folder, pricing, {"macs": 5e6}, bound=1e6)
    assert tell(folder, as_json=as_json) == 1
    violated = capsys.readouterr().out
    if as_json:
        assert [json.loads(text)["limits"][0]["holds"] for text in (held, violated)] == [True, False]
    else:
        assert "yes" in held and "NO" not in held
        assert "NO" in violated and "5,000,000" in violated
        assert violated.splitlines()[-3:] == [
            str(folder.path / name) for name in ("winner.json", "winner.py", "report.html")
        ]
