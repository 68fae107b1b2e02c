"""The run's limit on its objective as a number."""

from launch.report.facts.facts import Facts


def quality_bound(facts: Facts) -> float | None:
    """The most that the objective may be; None without such a limit, or before its reference has been measured."""
    quality = facts.session.quality(facts.pricing)
    if quality is None:
        return None
    if quality.reference is None:
        return quality.bound(0.0)
    measured = [trial.metrics[facts.objective] for trial in facts.complete if trial.architecture == quality.reference]
    return quality.bound(measured[0]) if measured else None
