"""Strict JSON: RFC 8259 knows no NaN and no Infinity, so what is no number is written as null."""

import json
import math
from collections.abc import Mapping
from typing import Any


def json_text(content: Mapping[str, Any]) -> str:
    """A document for machines, indented by one."""
    return json.dumps(_finite(content), indent=1, allow_nan=False)


def _finite(value: Any) -> Any:
    """The same with None in place of every number that is not finite, however deep."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {_key(key): _finite(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(one) for one in value]
    return value


def _key(key: Any) -> Any:
    """A float as a key becomes its text, which may be any."""
    return str(key) if isinstance(key, float) else key
