"""Makes an experiment's evaluator, and checks it before days are spent on it."""

import json
from collections.abc import Mapping

from launch.experiment import Experiment, ExperimentError, Workplace
from nas.errors import aside, is_ours, told
from nas.record import Evaluator, plain_metrics


def prepared_evaluator(experiment: Experiment, place: Workplace) -> Evaluator:
    """The experiment's evaluator.

    Raises:
      ExperimentError: making it fails, or what was made is no evaluator. Our own refusals, such as of a folder of
        data, pass as they are.
    """
    try:
        with aside():
            evaluator = experiment.make_evaluator(place)
            _check(evaluator)
    except (Exception, SystemExit) as error:
        if is_ours(error):
            raise
        raise ExperimentError(f"make_evaluator of experiment {experiment.name!r} fails: {told(error)}") from error
    return evaluator


def _check(evaluator: object) -> None:
    """Refuse what is no evaluator, or fails to tell of its data, which would else fail when all is trained."""
    lacking = [name for name in ("baselines", "data_facts") if not hasattr(evaluator, name)]
    if isinstance(evaluator, type) or not callable(evaluator) or lacking or not isinstance(evaluator, Evaluator):
        what = f"the class {evaluator.__name__}" if isinstance(evaluator, type) else type(evaluator).__name__
        missing = f" without {' and '.join(lacking)}" if lacking else ""
        raise ExperimentError(
            f"make_evaluator must return an evaluator, got {what}{missing}; return an object with __call__(job), "
            "and baselines and data_facts, which may be empty mappings (nas.record.Evaluator)"
        )
    _check_told(evaluator.baselines, evaluator.data_facts)


def _check_told(baselines: Mapping[str, Mapping[str, float]], data_facts: Mapping[str, str | int]) -> None:
    if not isinstance(baselines, Mapping) or not isinstance(data_facts, Mapping):
        raise ExperimentError("an evaluator's baselines and data_facts must be mappings; return {} for none")
    try:
        for metrics in baselines.values():
            plain_metrics(metrics)
        json.dumps([{name: dict(metrics) for name, metrics in baselines.items()}, dict(data_facts)], allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ExperimentError(
            f"an evaluator's baselines must hold metrics by name, and its data_facts texts and numbers: {error}"
        ) from None
