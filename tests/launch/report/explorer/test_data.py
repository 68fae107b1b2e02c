"""What the page's script is given: costs by stage that add up, everything that is known of a trial, harmless texts."""

import json
import math
import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from launch.report.explorer.data import compact, explorer_json
from launch.report.facts.facts import Facts, read_facts
from launch.session import RunFolder
from launch.session.session import open_session
from nas.costs import CostTable
from nas.lowering.torch_module import build, count_macs, fold
from nas.record import Trial
from nas.search import Prediction
from tests.launch.commands import ROOT, nas
from tests.launch.report.synthetic import trials, with_trials

HOSTILE = """</script><b>"quoted" & 'so'"""


@pytest.fixture(scope="module")
def facts(finished: RunFolder) -> Facts:
    return read_facts(finished)


@pytest.fixture(scope="module")
def data(facts: Facts) -> Any:
    return json.loads(explorer_json(facts))


def test_the_costs_of_the_stages_add_up_to_the_network_s(facts: Facts, data: Any) -> None:
    resources, pricing = data["shares"]["resources"], facts.pricing
    summed = [name for name, table in pricing.tables.items() if isinstance(table, CostTable)]
    assert {one["key"] for one in resources} >= set(summed) and "weight_bytes.int8" in [one["key"] for one in resources]
    for trial in (*facts.search, *facts.finals):
        rows = [
            stage["rows"][",".join(str(trial.architecture[i]) for i in stage["scope"])]
            for stage in data["shares"]["stages"]
        ]
        assert [row[:3] for row in rows][-1] == list(pricing.space.lower(trial.architecture).output)
        for at, one in enumerate(resources):
            if one["key"] in summed:
                total = one["constant"] + math.fsum(row[3 + at] for row in rows)
                assert total == pytest.approx(pricing.costs(trial.architecture)[one["key"]], rel=1e-6)


def test_multiples_of_another_resource_are_left_out(facts: Facts) -> None:
    macs = facts.pricing.tables["macs"]
    assert isinstance(macs, CostTable)
    double = replace(macs, resource=replace(macs.resource, name="flops", measure=lambda op: 2 * op.macs))
    pricing = replace(facts.pricing, tables={**facts.pricing.tables, "flops": double})
    keys = [one["key"] for one in json.loads(explorer_json(replace(facts, pricing=pricing)))["shares"]["resources"]]
    assert "macs" in keys and "flops" not in keys


def test_every_quantity_of_a_trial_is_given(facts: Facts, data: Any) -> None:
    columns = {one["key"]: column for one, column in zip(data["quantities"], data["trials"]["values"], strict=True)}
    for at, trial in enumerate((*facts.search, *facts.finals)):
        assert columns["error"][at] == (compact(trial.metrics["error"]) if trial.metrics else None)
        assert columns["duration"][at] == compact(trial.duration_s)
        for name, cost in facts.pricing.costs(trial.architecture).items():
            assert columns[name][at] == compact(cost)
    failed = next(at for at, trial in enumerate(facts.search) if trial.state == "failed")
    assert "search-4 fails as it was told" in data["texts"][data["trials"]["failure"][failed]]


def test_held_out_predictions_stand_beside_the_trials(facts: Facts) -> None:
    number = len(facts.complete)
    prediction = Prediction(mean=np.arange(number) / 8, std=np.ones(number))
    found = json.loads(explorer_json(facts, prediction))
    at = [one["key"] for one in found["quantities"]].index("error predicted")
    told = dict(zip(found["trials"]["ticket"], found["trials"]["values"][at][: len(facts.search)], strict=False))
    assert [told[trial.ticket] for trial in facts.complete] == [i / 8 for i in range(number)]


def test_what_others_wrote_on_a_trial_is_given(copied: RunFolder) -> None:
    history = open_session(copied).history
    history.start(Trial(phase="search", ticket=12, architecture=(0,) * 6, fidelity=1, origin="design", state="running"))
    for name, value in (("team", HOSTILE), ("energy", 3.5)):  # Optuna lets nobody write on a trial that has ended
        history._storage.set_trial_user_attr(history._ids[("search", 12)], name, value)
    text = explorer_json(read_facts(copied))
    found = json.loads(text)
    assert found["attributes"]["team"][12] == HOSTILE and found["attributes"]["team"][1] is None
    at = [one["key"] for one in found["quantities"]].index("energy")
    assert found["trials"]["values"][at][12] == 3.5
    assert not set("<>&").intersection(text)


def test_no_text_grows_the_page_without_end(facts: Facts) -> None:
    failed = [
        replace(trial, state="failed", metrics={}, failure=f"{trial.ticket} {'x' * 100_000}")
        for trial in trials([0.0] * 1000)
    ]
    assert len(explorer_json(with_trials(facts, failed))) < 1_000_000


def test_numbers_are_kept_short_and_what_is_none_is_null() -> None:
    assert compact([1e6, 0.123456789, math.nan, math.inf, None, True, 2.0**60]) == [
        1000000, 0.1234568, None, None, None, True, 1.152922e18
    ]  # fmt: skip


def filled(command: str, facts: Facts, ticket: int) -> str:
    architecture = facts.search[ticket].architecture
    cost = int(facts.pricing.costs(architecture)["macs"])
    values = {"{architecture}": json.dumps(architecture), "{trial}": f"search-{ticket}", "{cost}": str(cost)}
    for name, value in values.items():
        command = command.replace(name, value)
    return command


@pytest.mark.slow
def test_the_commands_do_what_they_say(facts: Facts, data: Any, tmp_path: Path) -> None:
    by_name = {command["name"]: command["text"] for command in data["commands"]}
    words = shlex.split(filled(by_name["select the best of no more macs"], facts, 2))
    selected = nas(*words[1:], "--json")
    assert selected.code == 0, selected.err
    cost = facts.pricing.costs(facts.search[2].architecture)["macs"]
    assert all(one["resources"]["macs"]["predicted"] <= cost for one in selected.record["candidates"])
    program = filled(by_name["build as a module"], facts, 2)
    program += "\nfrom nas.lowering.torch_module import count_macs, fold\nprint(count_macs(fold(model)))"
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    network = facts.pricing.space.lower(facts.search[2].architecture)
    assert int(run.stdout) == count_macs(fold(build(network))) == cost
