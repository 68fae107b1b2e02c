"""The tiny search beside a folder of pictures: it reads them as the demo does, says what it read, and trains nothing.

nas search tests/experiments/pictured.py --out RUN --executor serial --data FOLDER
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from launch.experiment import Experiment, Workplace
from nas.record import Evaluation, Job
from tests.experiments import tiny
from tests.nas.depth.data.pairs_written import read_folder


@dataclass(frozen=True, slots=True, kw_only=True)
class Looking:
    """An evaluator that has looked at its data; every trial fails."""

    data_facts: Mapping[str, str | int]
    baselines: Mapping[str, Mapping[str, float]]

    def __call__(self, job: Job) -> Evaluation:
        raise RuntimeError("nothing is trained here")


def experiment() -> Experiment:
    return replace(tiny.experiment(), name="pictured", make_evaluator=make_evaluator)


def make_evaluator(place: Workplace) -> Looking:
    assert place.data is not None
    data = read_folder(place.data, size=(16, 16), meaning=place.depth)
    for note in data.notes:
        place.say(note)
    return Looking(data_facts={"digest": data.digest}, baselines={})
