"""The tiny search beside a folder of pictures: it reads them as the demo does, says what it read, and trains nothing.

nas search tests/experiments/pictured.py --out RUN --executor serial --data FOLDER
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from launch.experiment import Experiment, Workplace
from nas.depth.folder import read_folder
from nas.depth.recipe import Recipe
from nas.evaluators.depth import DepthEvaluator
from nas.trial import Evaluation, Job
from tests.experiments import tiny
from tests.experiments.tiny import Formula


@dataclass(frozen=True, slots=True, kw_only=True)
class Looking:
    """The formula, with the facts of pictures that were read."""

    formula: Formula
    data_facts: Mapping[str, str | int]

    @property
    def baselines(self) -> Mapping[str, Mapping[str, float]]:
        return self.formula.baselines

    def __call__(self, job: Job) -> Evaluation:
        return self.formula(job)


def experiment() -> Experiment:
    return replace(tiny.experiment(), name="pictured", make_evaluator=make_evaluator)


def make_evaluator(place: Workplace) -> Looking:
    assert place.data is not None
    data = read_folder(place.data, size=(16, 16), meaning=place.depth)
    for note in data.notes:
        place.say(note)
    facts = DepthEvaluator(space=tiny.SPACE, data=data, recipe=Recipe()).data_facts
    return Looking(formula=Formula(orders=None), data_facts=facts)
