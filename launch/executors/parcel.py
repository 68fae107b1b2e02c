"""How what workers need travels to them: code of the user's own by value, data once for each node."""

from dataclasses import dataclass
from pickle import PicklingError
from typing import Any

import ray
from ray import cloudpickle
from ray.exceptions import RayError

from nas.plugins import add_folders, folders, loaded_files, neighbours


@dataclass(frozen=True, slots=True, kw_only=True)
class Folders:
    """Where modules of the user's own lie. To be unpickled before what imports them: that makes them importable."""

    paths: tuple[str, ...]

    def __reduce__(self) -> tuple[object, ...]:
        return _added, (self.paths,)


def _added(paths: tuple[str, ...]) -> Folders:
    add_folders(paths)
    return Folders(paths=paths)


def put(content: Any, *, what: str, far: bool) -> Any:
    """A reference to (`Folders`, `content`) in the object store, from which every node takes one copy.

    Args:
      what: the content in a word, for messages.
      far: workers may be on other machines. Others find what lies beside a user's file where it lies.

    Raises:
      ValueError: it cannot be sent.
    """
    for module in [*loaded_files(), *(neighbours() if far else ())]:
        cloudpickle.register_pickle_by_value(module)  # type: ignore[no-untyped-call]  # Ray leaves it so
    try:
        return ray.put((Folders(paths=tuple(folders())), content))
    except (TypeError, PicklingError, RayError) as error:
        raise ValueError(
            f"the {what} cannot be sent to workers: {error}; keep locks, open files and connections out of it, and "
            "its data smaller than Ray's object store"
        ) from error
