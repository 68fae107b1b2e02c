"""A journal's lines: what is an operation, and what can be saved of a line that is not."""

import json

import pytest

from nas.record.journal_operations import parsed, salvaged

WHOLE = b'{"op_code":6,"worker_id":"w","trial_id":3,"state":1,"values":[0.5]}'
NESTED = b'{"op_code":8,"worker_id":"w","trial_id":3,"user_attr":{"outcome":{"failure":"{\\"op_code\\": 6} }{"}}}'


@pytest.mark.parametrize("text", [WHOLE, NESTED])
def test_an_operation_is_read(text: bytes) -> None:
    assert parsed(text) == json.loads(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"null", "is no operation: b'null'"),
        (b"{}", "is no operation"),
        (b"[1]", "is no operation"),
        (b'{"op_code":42}', "has the unknown operation 42"),
        (b'{"op_code":true}', "has the unknown operation True"),
        (b'{"op_code":"6"}', "has the unknown operation '6'"),
        (b'{"op_code":4}', "has an operation 4 without its study_id"),
        (b'{"op_code":1,"study_id":[],"worker_id":"w"}', r"has an operation 1 whose study_id is \[\]"),
        (b'{"op_code":6,"trial_id":3,"state":1,"values":[0.5]}', "has an operation 6 without its worker_id"),
        (b"\xff\xfe\x00", "is damaged"),
        (WHOLE + WHOLE, "is damaged: Extra data"),
    ],
)
def test_what_is_no_operation_is_told(text: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parsed(text)


@pytest.mark.parametrize(
    ("text", "found", "rest"),
    [
        (WHOLE + NESTED, [WHOLE, NESTED], b""),
        (WHOLE + b"  " + WHOLE, [WHOLE, WHOLE], b""),
        (WHOLE[:30] + NESTED, [NESTED], WHOLE[:30]),
        (WHOLE + NESTED[:-1], [WHOLE], NESTED[:-1]),
        (b"\0\0\0" + WHOLE, [WHOLE], b"\0\0\0"),
        (b"null", [], b"null"),
        (WHOLE.replace(b"w", b"\xff"), [], WHOLE.replace(b"w", b"\xff")),
        (b'{"op_code":42}', [], b'{"op_code":42}'),
    ],
)
def test_whole_operations_are_taken_out_of_a_damaged_line(text: bytes, found: list[bytes], rest: bytes) -> None:
    assert salvaged(text) == (found, rest)
