"""JSON for machines: what a strict reader takes, and the same as what was written wherever that is a number."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from launch.json_text import json_text

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def refuse(constant: str) -> float:
    raise AssertionError(f"{constant} is no JSON")


@pytest.mark.slow
@given(st.dictionaries(st.text(), VALUES))
def test_a_strict_reader_takes_everything_and_finds_the_numbers_that_are_numbers(content: dict[str, Any]) -> None:
    assert json.loads(json_text(content), parse_constant=refuse) == without_what_is_no_number(content)


def without_what_is_no_number(value: Any) -> Any:
    match value:
        case float() if not math.isfinite(value):
            return None
        case dict():
            return {key: without_what_is_no_number(one) for key, one in value.items()}
        case list():
            return [without_what_is_no_number(one) for one in value]
    return value


def test_tuples_and_keys_that_are_floats_are_written_too() -> None:
    content = {"a": (1.0, math.nan), math.inf: -math.inf, 1: 2}
    assert json.loads(json_text(content), parse_constant=refuse) == {"a": [1.0, None], "inf": None, "1": 2}
