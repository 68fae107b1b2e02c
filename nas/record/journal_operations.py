"""A journal's operations: one line of JSON each, what each must hold, and what can be saved of a damaged line."""

import json
from collections.abc import Mapping
from typing import Any

Line = dict[str, Any]
"""One operation as Optuna's `JournalStorage` makes and takes it."""

CREATE_STUDY, DELETE_STUDY, SET_STUDY_USER_ATTR, CREATE_TRIAL, SET_TRIAL_USER_ATTR = 0, 1, 2, 4, 8
UNREAD = ("params", "distributions")

_FIELDS: Mapping[int, tuple[str, ...]] = {
    CREATE_STUDY: ("study_name", "directions"),
    DELETE_STUDY: ("study_id",),
    SET_STUDY_USER_ATTR: ("study_id", "user_attr"),
    3: ("study_id", "system_attr"),
    CREATE_TRIAL: ("study_id", "datetime_start"),
    5: ("trial_id", "param_name", "param_value_internal", "distribution"),
    6: ("trial_id", "state", "values"),
    7: ("trial_id", "step", "intermediate_value"),
    SET_TRIAL_USER_ATTR: ("trial_id", "user_attr"),
    9: ("trial_id", "system_attr"),
    10: (),  # another implementation's; Optuna reads on over it
}
_OPENING = '{"op_code"'  # every writer's first field
_TYPES = {"study_id": int, "trial_id": int, "study_name": str, "user_attr": dict, "system_attr": dict, "state": int}


def parsed(text: bytes) -> Line:
    """A line's operation.

    Raises:
      ValueError: it holds none; the message goes behind "line 7".
    """
    try:
        line = json.loads(text)
    except ValueError as error:
        raise ValueError(f"is damaged: {error}") from error
    if not isinstance(line, dict):
        raise ValueError(f"is no operation: {_start(text)}")
    if fault := _fault(line):
        raise ValueError(f"{fault}: {_start(text)}")
    return line


def salvaged(text: bytes) -> tuple[list[bytes], bytes]:
    """The whole operations within a damaged line, such as two lines that were run together, and what remains of it."""
    rest, found, decoder = text.decode("latin-1"), [], json.JSONDecoder()
    start = rest.find(_OPENING)
    while start >= 0:
        end = _end_of_operation(decoder, rest, start)
        if end is None:
            start = rest.find(_OPENING, start + 1)
            continue
        found.append(rest[start:end].encode())
        rest = rest[:start] + rest[end:]
        start = rest.find(_OPENING, start)
    return found, rest.strip().encode("latin-1")


def _end_of_operation(decoder: json.JSONDecoder, text: str, start: int) -> int | None:
    try:
        line, end = decoder.raw_decode(text, start)
    except ValueError:
        return None
    return end if _fault(line) is None and text[start:end].isascii() else None  # every writer escapes what is not


def _fault(line: Mapping[str, Any]) -> str | None:
    code = line.get("op_code")
    if "op_code" not in line:
        return "is no operation"
    if type(code) is not int or code not in _FIELDS:
        return f"has the unknown operation {code!r}"
    for name in (*_FIELDS[code], *(("worker_id",) if _FIELDS[code] else ())):
        if name not in line:
            return f"has an operation {code} without its {name}"
        if type(line[name]) is not _TYPES.get(name, type(line[name])):
            return f"has an operation {code} whose {name} is {line[name]!r:.40}"
    return None


def _start(text: bytes) -> str:
    return f"{text[:40].rstrip()!r}"
