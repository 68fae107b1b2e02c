"""Running one job and telling how it ended; the same for every executor.

A job that runs out of memory is tried once more, by an evaluator that divides its batches. That is another training
where there is batch norm, so the record says it; a job that was lost for any other reason is run again as it was.
"""

import gc
import math
import sys
import time
import traceback
from dataclasses import replace

from nas.trial import Divisible, Evaluation, Evaluator, Job, Outcome

TRACEBACK_LINES = 6
OUT_OF_MEMORY = "out of memory"
"""How the reason of a trial begins that memory did not suffice for, a GPU's or the node's."""

DIVIDED = "memory ran out; trained with each batch in two parts, one after the other: batch norm saw parts, not batches"


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


def divided(evaluator: Evaluator) -> Evaluator | None:
    """The evaluator that needs less memory, None if there is none."""
    return evaluator.divided() if isinstance(evaluator, Divisible) else None


def is_starved(outcome: Outcome) -> bool:
    return outcome.failure is not None and outcome.failure.startswith(OUT_OF_MEMORY)


def of_divided(outcome: Outcome) -> Outcome:
    """What is recorded of a job that was tried once more with divided batches."""
    if outcome.evaluation is None:
        return replace(outcome, failure=f"{outcome.failure}\nIt was the attempt after this: {DIVIDED}")
    return replace(outcome, evaluation=replace(outcome.evaluation, notes=(DIVIDED, *outcome.evaluation.notes)))


def release_gpu_memory() -> None:
    """Give back what torch keeps cached: another worker may share the GPU, and the next job needs other sizes."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        gc.collect()
        torch.cuda.empty_cache()


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
