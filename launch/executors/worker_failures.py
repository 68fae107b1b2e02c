"""Why a worker was lost or could not start, in a sentence, from what Ray says of it."""

import re

from ray.exceptions import RayError

from launch.executors._shared import OUT_OF_MEMORY, is_out_of_memory

NODE_OUT_OF_MEMORY = f"its node ran {OUT_OF_MEMORY} and Ray ended it; set more aside for a trial (--memory-per-trial)"


def of_worker(error: RayError) -> str:
    """Why a worker was lost while it had a job."""
    if is_out_of_memory(error):
        return NODE_OUT_OF_MEMORY
    return _lacks_module(error) or f"{type(error).__name__}: {error}"


def of_start(error: RayError) -> str:
    """Why the first worker could not start."""
    return _lacks_module(error) or f"a worker cannot start: {type(error).__name__}: {error}"


def _lacks_module(error: RayError) -> str | None:
    found = re.search(r"No module named '([^']+)'", str(error))
    if found is None:
        return None
    return (
        f"the cluster's workers lack the Python module {found[1]!r}; install it, with chamnas, on every node, or send "
        "the code along with `ray job submit --working-dir`"
    )
