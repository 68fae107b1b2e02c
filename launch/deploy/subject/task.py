"""The evaluator behind a subject, with its data read, as a training in full needs it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from launch.deploy.subject.subject import Subject, SubjectError
from launch.experiment import Workplace
from launch.extensions import prepared_evaluator
from launch.session import check_sets, depth_record, meaning_of, path_of, sets_of, setting_of
from launch.terminal import Progress
from nas.deploy.course import Trainable
from nas.depth.data import Kind
from nas.depth.data.sets import DataSet


@dataclass(frozen=True, slots=True, kw_only=True)
class DataOptions:
    """What the command says of the data; None and empty for what it leaves open."""

    data: tuple[DataSet, ...]
    depth_is: Kind | None
    depth_invalid: tuple[float, ...]
    depth_valid: tuple[float, ...]

    def settings(self, old: Mapping[str, Any]) -> dict[str, Any]:
        """The settings that say which data to read and how: the command's, else those of `old`.

        Raises:
          ValueError: an option says how to read data of the user's own, and there are none.
        """
        own = setting_of(self.data, old)
        kept = {} if self.data else old
        return {
            "data": own,
            **depth_record(
                depth_is=self.depth_is,
                depth_invalid=self.depth_invalid,
                depth_valid=self.depth_valid,
                data=own,
                old=kept,
            ),
        }


def prepared_task(subject: Subject, settings: Mapping[str, Any], cache: Path, progress: Progress) -> Trainable:
    """The subject's evaluator on the data that the settings name.

    Raises:
      SubjectError: it can only score networks for a search.
      DataError: the data cannot be read.
    """
    sets = sets_of(settings)
    check_sets(sets, subject.experiment)
    place = Workplace(
        cache=cache,
        data=path_of(sets),
        sets=sets,
        workers=os.cpu_count() or 1,
        progress=progress.step,
        depth=meaning_of(settings),
        say=progress.say,
    )
    evaluator = prepared_evaluator(subject.experiment, place)
    if not isinstance(evaluator, Trainable):
        raise SubjectError(
            f"training in full needs an evaluator with course(), inputs() and test() (nas.deploy.course.Trainable), "
            f"and {type(evaluator).__name__} of experiment {subject.experiment.name!r} lacks them; add them to it"
        )
    return evaluator
