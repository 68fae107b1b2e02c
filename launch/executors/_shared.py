"""Running one job and telling how it ended; the same for every executor."""

import math
import time
import traceback
from dataclasses import replace

from nas.trial import Evaluation, Evaluator, Job, Outcome

TRACEBACK_LINES = 6
OUT_OF_MEMORY = "out of memory"
"""How the reason of a trial begins that memory did not suffice for, a GPU's or the node's."""


def attempt(evaluator: Evaluator, job: Job) -> Outcome:
    """Evaluate a job; an exception or a metric that is no number becomes the outcome's failure."""
    start = time.monotonic()
    try:
        evaluation = _checked(evaluator(job))
    except Exception as error:
        tail = "".join(traceback.format_exception(error)).strip().splitlines()[-TRACEBACK_LINES:]
        kind = f"{OUT_OF_MEMORY}: " if is_out_of_memory(error) else ""
        reason = f"{kind}{type(error).__name__}: {error}\n" + "\n".join(tail)
        return Outcome(job=job, evaluation=None, failure=reason, duration_s=time.monotonic() - start)
    return Outcome(job=job, evaluation=evaluation, failure=None, duration_s=time.monotonic() - start)


def lost(job: Job, reason: str, duration_s: float) -> Outcome:
    """The outcome of a job whose worker is gone."""
    return Outcome(job=job, evaluation=None, failure=reason, duration_s=duration_s)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether memory ran out; torch's and Ray's errors are known by name, so that neither need be imported."""
    names = {kind.__name__ for kind in type(error).__mro__}
    return bool(names & {"MemoryError", "OutOfMemoryError"}) or "can't allocate memory" in str(error)


def _checked(evaluation: Evaluation) -> Evaluation:
    """Metrics as plain floats, whatever number type an evaluator gives; the record is JSON."""
    metrics = {name: float(value) for name, value in evaluation.metrics.items()}
    bad = {name: value for name, value in metrics.items() if not math.isfinite(value)}
    if bad:
        raise ValueError(f"metrics must be finite numbers, got {bad}; training has probably diverged")
    return replace(evaluation, metrics=metrics)
