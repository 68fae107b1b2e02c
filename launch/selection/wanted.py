"""Under what a finished run is searched again: the limits that the command gives, or the run's own."""

from collections.abc import Sequence
from dataclasses import dataclass

from launch.pricing import Pricing, split_limits
from launch.session.session import Session
from nas.costs import Limit, resource_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Limits on costs, and what prices them.

    Attributes:
      bar: a limit on the objective, as it was given; None where none was.
      sweeps: as they were given, the user's own files called as the run calls them.
    """

    pricing: Pricing
    limits: tuple[Limit, ...]
    bar: str | None
    sweeps: tuple[str, ...]


def wanted(session: Session, limits: Sequence[str], sweeps: Sequence[str] = ()) -> Wanted:
    """Read them.

    Raises:
      LimitError: a limit cannot be read.
      KeptFileError, ResourceError: a file of the user's has gone or changed since the run began.
    """
    own = session.own_files(map(resource_name, (*limits, *sweeps)))
    pricing = session.pricing(own)
    costs, bar = split_limits(limits, session.objective)
    return Wanted(
        pricing=pricing,
        limits=tuple(pricing.limit(own.limit(text)) for text in costs) if limits else session.binding(pricing),
        bar=bar,
        sweeps=tuple(map(own.limit, sweeps)),
    )
