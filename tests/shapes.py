"""Types and shapes are checked at every call, as by jaxtyping's own decorator, in a small part of its time.

That one binds the arguments of every call and checks them twice, which is half the time of a whole search. Here a
function is checked once, by beartype; sizes are compared within a call where its annotations name any.
"""

import dataclasses
import inspect
from collections.abc import Callable
from functools import partial, wraps
from typing import Any

import jaxtyping

_own = jaxtyping.jaxtyped
_CALL = _own("context")


def install() -> None:
    """Have what jaxtyping's import hook decorates from now on checked like this."""
    jaxtyping.jaxtyped = checked


def checked(thing: Any = None, *, typechecker: Callable[..., Any]) -> Any:
    """In place of `jaxtyping.jaxtyped`: functions, and what makes dataclasses."""
    if thing is None:
        return partial(checked, typechecker=typechecker)
    if inspect.isclass(thing):
        if dataclasses.is_dataclass(thing):
            thing.__init__ = checked(thing.__init__, typechecker=typechecker)  # type: ignore[misc]
        return thing
    if not inspect.isfunction(thing) or _is_peculiar(thing):
        return _own(thing, typechecker=typechecker)
    return _within_a_call(typechecker(thing)) if "jaxtyping." in _hints(thing) else typechecker(thing)


def _is_peculiar(function: Callable[..., Any]) -> bool:
    """Whether its body runs after its call, its sizes are computed, or type checkers alone may know its types."""
    named = any(isinstance(hint, str) for hint in function.__annotations__.values())
    return named or "{" in _hints(function) or inspect.isgeneratorfunction(function)


def _hints(function: Callable[..., Any]) -> str:
    return repr(list(function.__annotations__.values()))


def _within_a_call(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def call(*arguments: Any, **options: Any) -> Any:
        __tracebackhide__ = True
        with _CALL:
            return function(*arguments, **options)

    return call
