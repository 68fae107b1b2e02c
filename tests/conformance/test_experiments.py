"""What every file in `launch/experiments/` promises, before anything is trained."""

import importlib
import subprocess
import sys

import numpy as np
import pytest

from launch.experiment import Experiment
from launch.session.session import load_experiment
from nas.plugins import EXPERIMENTS


@pytest.fixture(params=EXPERIMENTS.keys())
def experiment(request: pytest.FixtureRequest) -> Experiment:
    loaded = load_experiment(request.param)
    assert loaded.name == request.param
    return loaded


def test_its_budget_is_in_order(experiment: Experiment) -> None:
    assert 0 < experiment.num_design <= experiment.num_trials
    assert 0 < experiment.fidelity <= experiment.final_fidelity
    assert experiment.num_finalists > 0


@pytest.mark.slow
def test_its_limits_can_be_met(experiment: Experiment) -> None:
    # In a process of its own, without the type checks of the test run: they make a large space ten times as slow.
    program = (
        "from launch.run import check_limits; from launch.session.session import load_experiment; "
        f"experiment = load_experiment({experiment.name!r}); check_limits(experiment, experiment.limits)"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def test_its_baseline_is_an_architecture_of_its_space(experiment: Experiment) -> None:
    assert experiment.baseline is not None, "a limit may be written relative to the baseline"
    assert experiment.space.contains(np.array([experiment.space.reference(experiment.baseline)]))[0]


def test_its_resources_have_distinct_names(experiment: Experiment) -> None:
    names = [resource.name for resource in experiment.resources]
    names += [f"latency_ms.{device.key}" for device in experiment.devices]
    assert len(set(names)) == len(names)


def test_its_docstring_gives_the_command(experiment: Experiment) -> None:
    module = importlib.import_module(f"{EXPERIMENTS.package}.{experiment.name}")
    assert f"nas search {experiment.name} --out" in (module.__doc__ or "")
