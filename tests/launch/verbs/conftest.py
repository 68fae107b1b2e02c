"""What the tests of several verbs share."""

import json

import pytest

from nas.deploy import TrainingFolder
from tests.experiments import tiny
from tests.launch.commands import ROOT, nas

LEARNING = str(ROOT / "tests/experiments/learning.py")
DECISIONS = {**tiny.SPACE.references["published"], "up.expansion": 1, "narrow.width": 4}


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> TrainingFolder:
    """A finished training, not to be changed."""
    folder = tmp_path_factory.mktemp("trained")
    (folder / "architecture.json").write_text(json.dumps({"decisions": DECISIONS}))
    out = folder / "out"
    ended = nas("train", str(folder / "architecture.json"), "--experiment", LEARNING, "--out", str(out), "--steps", "4")
    assert ended.code == 0, ended.err
    return TrainingFolder(path=out)
