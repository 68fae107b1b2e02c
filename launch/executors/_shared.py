"""Running one job and telling how it ended; the same for every executor.

A job that runs out of memory is tried once more, by an evaluator that divides its batches. That is another training
where there is batch norm, so the record says it; a job that was lost for any other reason is run again as it was.
"""

import gc
import sys
import time
import traceback
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from nas.record import Divisible, Evaluation, Evaluator, Job, Outcome, plain_metrics

TRACEBACK_LINES = 6
OUT_OF_MEMORY = "out of memory"
"""How the reason of a trial begins that memory did not suffice for, a GPU's or the node's."""

DIVIDED = "memory ran out; trained with each batch in two parts, one after the other: batch norm saw parts, not batches"


def attempt(evaluator: Evaluator, job: Job) -> Outcome:
    """Evaluate a job; an exception, an exit or a metric that is no number becomes the outcome's failure.

    Raises:
      KeyboardInterrupt: the user's.
    """
    start = time.monotonic()
    try:
        evaluation = _checked(evaluator(job))
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # sys.exit() among them: one trial does not end the others
        return lost(job, _reason(error), time.monotonic() - start)
    return Outcome(job=job, evaluation=evaluation, failure=None, duration_s=time.monotonic() - start)


def divided(evaluator: Evaluator) -> Evaluator | None:
    """The evaluator that needs less memory, None if there is none."""
    return evaluator.divided() if isinstance(evaluator, Divisible) else None


def _reason(error: BaseException) -> str:
    tail = "".join(traceback.format_exception(error)).strip().splitlines()[-TRACEBACK_LINES:]
    if isinstance(error, SystemExit):
        said = f"SystemExit: {error.code}; an evaluator must return or raise, leave sys.exit() out of it"
    else:
        said = f"{OUT_OF_MEMORY}: " * is_out_of_memory(error) + f"{type(error).__name__}: {error}"
    return "\n".join([said, *tail])


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


def _checked(evaluation: Any) -> Evaluation:
    """What an evaluator returned, its metrics as plain floats.

    Raises:
      TypeError, ValueError: it is no evaluation, or holds what cannot be recorded.
    """
    if not isinstance(evaluation, Evaluation):
        raise TypeError(
            f"an evaluator must return an Evaluation, got {type(evaluation).__name__}; "
            "write Evaluation(metrics={..}) from nas.record.trial"
        )
    _check_artifacts(evaluation.artifacts)
    if isinstance(evaluation.notes, str) or not all(isinstance(note, str) for note in evaluation.notes):
        raise TypeError(f"an Evaluation's notes must be a tuple of sentences, got {evaluation.notes!r}")
    return replace(evaluation, metrics=plain_metrics(evaluation.metrics), notes=tuple(evaluation.notes))


def _check_artifacts(artifacts: Mapping[Any, Any]) -> None:
    """Each becomes a file whose name ends in the artifact's."""
    for name, content in artifacts.items():
        if not isinstance(name, str) or "/" in name or not isinstance(content, bytes | bytearray):
            raise TypeError(
                f"artifacts must be bytes by a file ending such as pt, got {type(content).__name__} for {name!r}; "
                "write the file's content"
            )
