"""What a user's file of resources exports, checked: mistakes when it is loaded, wrong readings when they occur.

The engine trusts its own meters. One that is not ours may return nothing, or less than nothing, and a search would go
where the wrong figure is smallest; so each reading of it is looked at. Tables are made once, so this costs nothing.
"""

import math
from collections.abc import Callable
from dataclasses import replace
from numbers import Real
from pathlib import Path
from typing import Any, TypeVar

from nas.costs import AnyResource, NetworkResource, PeakResource, Resource, is_resource_name
from nas.errors import aside, told
from nas.plugins import RESOURCES
from nas.space import Network, Operator, Shape

FORM = 'write RESOURCES = (Resource(name="energy_mj", unit="mJ", measure=energy_mj),)'

T = TypeVar("T")


class ResourceError(ValueError):
    """A resource of the user's own that cannot be used, or that is not what a run knows."""


def load_meters(path: Path, reference: str) -> tuple[AnyResource, ...]:
    """The resources of a file, called "reference:name", with every reading checked.

    Raises:
      PluginError: the file fails when it is imported, or exports no RESOURCES.
      ResourceError: they are not resources with distinct names and units.
    """
    exported = RESOURCES.load(str(path))
    _check_export(reference, exported)
    return tuple(_guarded(replace(resource, name=f"{reference}:{resource.name}")) for resource in exported)


def _check_export(reference: str, exported: Any) -> None:
    if not isinstance(exported, tuple | list) or not exported:
        raise ResourceError(f"{reference}: RESOURCES must be a tuple of resources, got {exported!r}; {FORM}")
    for resource in exported:
        if not isinstance(resource, AnyResource):
            raise ResourceError(f"{reference}: RESOURCES must hold resources only, got {resource!r}; {FORM}")
        name, unit = resource.name, resource.unit
        if not isinstance(name, str) or not is_resource_name(name):
            raise ResourceError(f"{reference}: a name has letters, digits, '_', '.' and '-', got {name!r}; rename it")
        if not isinstance(unit, str) or not unit.strip():
            raise ResourceError(f'{reference}:{name} must have a unit, got {unit!r}; write one such as unit="mJ"')
        if not callable(resource.measure):
            raise ResourceError(
                f"{reference}:{name} must have a function as its measure, got {resource.measure!r}; {FORM}"
            )
    names = [resource.name for resource in exported]
    if len(set(names)) < len(names):
        raise ResourceError(f"{reference}: every resource needs a name of its own, got {', '.join(names)}; rename one")


def _guarded(resource: AnyResource) -> AnyResource:
    """The resource with every reading checked."""
    name = resource.name
    match resource:
        case Resource():
            constant = _checked(name, lambda _: resource.constant, str)("a network without operators")
            return replace(resource, measure=_checked(name, resource.measure, _key), constant=constant)
        case PeakResource():
            return replace(resource, measure=_checked(name, resource.measure, _shape))
        case NetworkResource():
            return replace(resource, measure=_checked(name, resource.measure, _length))


def _checked(name: str, measure: Callable[[T], float], shown: Callable[[T], str]) -> Callable[[T], float]:
    def reading(subject: T) -> float:
        try:
            with aside():
                cost: object = measure(subject)
            value = float(cost) if isinstance(cost, Real) else math.nan
        except (Exception, SystemExit) as error:
            raise ResourceError(f"{name} fails for {shown(subject)}: {told(error)}") from error
        if not (math.isfinite(value) and value >= 0):
            raise ResourceError(
                f"{name} must be a finite number from 0, got {cost!r} for {shown(subject)}; "
                "return one, or raise an error for what the meter does not know"
            )
        return value

    return reading


def _key(op: Operator) -> str:
    return f"operator {op.key!r}"


def _shape(shape: Shape) -> str:
    return f"a tensor of {shape}"


def _length(network: Network) -> str:
    return f"a network of {len(network.nodes)} operators"
