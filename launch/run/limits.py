"""Before anything is measured: which limits can be refused at once."""

from collections.abc import Sequence

from launch.experiment import Experiment
from launch.pricing import check_aims, check_goal, check_trusted, doubts_of, price, quality_limit, split_limits
from nas.costs import LimitError, parse_limit, resource_name
from nas.latency import LatencyTable


def check_choice(texts: Sequence[str], experiment: Experiment) -> None:
    """Refuse, before anything is trained, a choice that cannot be read at the end.

    Raises:
      LimitError: it is malformed, is about what the experiment does not know, or there is no front to choose from.
    """
    if texts and not experiment.objectives:
        raise LimitError(
            f"--choose names a point of a front, and this search minimises {experiment.aims[0]} alone; leave it out, "
            "or give --objective several times"
        )
    if not texts:
        return
    pricing = price(experiment.space, experiment.resources, baseline=experiment.baseline)
    units = {name: pricing.unit(name) for name in pricing.tables} | dict.fromkeys(experiment.metrics, "")
    units |= {f"latency_ms.{device.key}": "ms" for device in experiment.devices}

    def known(reference: str, _: str) -> float:
        if experiment.baseline is None or pricing.reference(reference) != pricing.reference("baseline"):
            raise LimitError(f"{reference} is not trained as a final, as a baseline is; write a number")
        return 1.0

    for text in texts:
        parse_limit(text, units=units, reference_cost=known)


def check_limits(experiment: Experiment, texts: Sequence[str], tables: Sequence[LatencyTable] = ()) -> None:
    """Refuse, in a second, limits that no measurement is needed to refuse.

    Args:
      tables: of the devices that have one already.

    Raises:
      LimitError: a limit is malformed, or about a resource that the experiment does not have or of an unfit table.
      InfeasibleError: no architecture meets the limits; names the smallest.
    """
    pricing = price(experiment.space, experiment.resources, baseline=experiment.baseline)
    measured = {f"latency_ms.{device.key}": "ms" for device in experiment.devices}
    costs, quality = split_limits(texts, experiment.objective)
    # The objective among them is for the hint of one that is written wrong: limits on it are read apart.
    units = measured | {name: pricing.unit(name) for name in pricing.tables} | {experiment.objective: ""}

    def any_cost(reference: str, resource: str) -> float:
        pricing.reference(reference)
        return 1.0

    for text in costs:
        check_trusted(parse_limit(text, units=units, reference_cost=any_cost), doubts_of(tables))
    bar = quality_limit(quality, experiment.objective, pricing) if quality else None
    check_goal(experiment.minimise, bar, [*pricing.tables, *measured])
    check_aims(experiment.costs, [*pricing.tables, *measured])
    pricing.feasible([pricing.limit(text) for text in costs if resource_name(text) not in measured], seed=0)
