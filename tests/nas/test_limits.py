"""Limits: what they mean, and that every malformed text gets its own message and nothing but `LimitError`."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nas.limits import Limit, LimitError, check_reach, is_resource_name, parse_limit, resource_name

UNITS = {
    "macs": "MACs",
    "params": "parameters",
    "weight_bytes.int8": "bytes",
    "latency_ms.cpu": "ms",
    "error": "1",
    "my/own.py:sram_bytes.peak": "bytes",
    "own.py:flash": "KiB",
    "own.py:energy": "mJ",
}
REFERENCES = {"published": 1000.0, "baseline": 8.0}


def reference_cost(reference: str, resource: str) -> float:
    if reference not in REFERENCES:
        raise ValueError(f"no reference {reference!r}; known: {', '.join(REFERENCES)}")
    return REFERENCES[reference]


def read(text: str) -> Limit:
    return parse_limit(text, units=UNITS, reference_cost=reference_cost)


@pytest.mark.parametrize(
    ("text", "resource", "relation", "bound"),
    [
        ("macs <= 2e9", "macs", "<=", 2e9),
        ("macs<=2.5e9", "macs", "<=", 2.5e9),
        ("macs <= 2_000_000", "macs", "<=", 2e6),
        ("macs <= 2.5G", "macs", "<=", 2.5e9),
        ("macs <= 300 M", "macs", "<=", 3e8),
        ("macs <= 2e9 MACs", "macs", "<=", 2e9),
        ("params <= 800K", "params", "<=", 8e5),
        ("params >= 0.5 * published", "params", ">=", 500.0),
        ("params <= published", "params", "<=", 1000.0),
        ("params <= published / 4", "params", "<=", 250.0),
        ("params <= (1)", "params", "<=", 1.0),
        ("1.5e9 >= macs", "macs", "<=", 1.5e9),
        ("0.9 * baseline <= latency_ms.cpu", "latency_ms.cpu", ">=", 7.2),
        ("weight_bytes.int8 <= 3MB", "weight_bytes.int8", "<=", 3e6),
        ("weight_bytes.int8 <= 3MiB", "weight_bytes.int8", "<=", 3 * 2**20),
        ("weight_bytes.int8 <= 2 * 1.5 KB", "weight_bytes.int8", "<=", 3000.0),
        ("latency_ms.cpu <= 0.5s", "latency_ms.cpu", "<=", 500.0),
        ("latency_ms.cpu <= 900 us", "latency_ms.cpu", "<=", 0.9),
        ("latency_ms.cpu <= 9ms", "latency_ms.cpu", "<=", 9.0),
        ("error <= -2.5", "error", "<=", -2.5),
        ("my/own.py:sram_bytes.peak <= 512KB", "my/own.py:sram_bytes.peak", "<=", 512e3),
        ("own.py:flash <= 2", "own.py:flash", "<=", 2.0),
        ("own.py:flash <= 2 KiB", "own.py:flash", "<=", 2.0),
        ("own.py:flash <= 3 MiB", "own.py:flash", "<=", 3 * 2.0**10),
        ("own.py:flash <= 128 B", "own.py:flash", "<=", 0.125),
        ("own.py:energy <= 2.5 mJ", "own.py:energy", "<=", 2.5),
    ],
)
def test_a_limit_means_what_it_says(text: str, resource: str, relation: str, bound: float) -> None:
    limit = read(text)
    assert (limit.resource, limit.relation, limit.text) == (resource, relation, text)
    assert limit.bound == pytest.approx(bound, rel=1e-15)
    assert resource_name(text) == resource


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "must not be empty"),
        ("  ", "must not be empty"),
        ("macs", "has no comparison"),
        ("macs < 2e9", "compares with '<'; use <= or >="),
        ("macs = 2e9", "compares with '='"),
        ("macs == 2e9", "compares with '=='"),
        ("1e9 <= macs <= 2e9", "has 2 comparisons"),
        ("macs <=", "nothing on one side"),
        ("<= 3", "nothing on one side"),
        ("2 <= 3", "no resource standing alone"),
        ("2 * macs <= 3 * published", "no resource standing alone"),
        ("mcas <= 2e9", "did you mean 'macs'.*known: error, latency_ms.cpu, macs"),
        ("macs <= 3MB", "measured in MACs, so its amount cannot be in 'MB'; use K, M, G, or a plain number of MACs"),
        ("weight_bytes.int8 <= 3ms", "measured in bytes, so its amount cannot be in 'ms'; use B, KB"),
        ("latency_ms.cpu <= 3K", "measured in ms, so its amount cannot be in 'K'; use us, ms, s"),
        (
            "macs <= 0.5 * publisched",
            "neither a unit .* nor a reference architecture: no reference 'publisched'; known",
        ),
        ("macs <= published * baseline", "multiplies 'published' and 'baseline'"),
        ("macs <= 0.5 G * published", "multiplies 'G' and 'published'"),
        ("macs <= 2 / published", "divides by 'published'"),
        ("macs <= 2 / 0", "divides by zero"),
        ("macs <= 1e999", "finite number, got inf"),
        ("macs <= 1e300 * 1e300", "too large"),
        ("macs <= 2 + 2", "'2 \\+ 2' is not allowed"),
        ("macs <= 2 ** 9", "is not allowed"),
        ("macs <= exit(1)", "is not allowed"),
        ("macs <= published.__class__", "is not allowed"),
        ("macs <= 'x'", 'an amount has no "\'"'),
        ("macs <= 2 2", "cannot read the amount"),
        ("macs <= " + "(" * 150, "cannot read the amount"),
        ("macs <= " + "9" * 300, "at most 200 characters"),
    ],
)
def test_each_kind_of_mistake_has_its_message(text: str, message: str) -> None:
    with pytest.raises(LimitError, match=message):
        read(text)


def test_the_path_of_a_file_may_be_long() -> None:
    path = "/a/long/way" * 30
    assert resource_name(f"{path}/own.py:flash <= 3") == f"{path}/own.py:flash"


def test_what_a_limit_can_name() -> None:
    assert all(is_resource_name(name) for name in ("macs", "sram_bytes.peak", "_x-1"))
    assert not any(is_resource_name(name) for name in ("", "1x", "a b", "a:b", "a<b", "own.py:x"))


def test_a_limit_that_makes_no_difference_is_refused() -> None:
    with pytest.raises(LimitError, match="can never fail: macs goes from 10 to 20"):
        check_reach(read("macs <= 20"), 10.0, 20.0)
    with pytest.raises(LimitError, match="can never hold"):
        check_reach(read("macs >= 21"), 10.0, 20.0)
    check_reach(read("macs <= 10"), 10.0, 20.0)
    check_reach(read("macs >= 20"), 10.0, 20.0)


PIECES = st.sampled_from(
    "macs,latency_ms.cpu,<=,>=,<,=, ,2,1e9,0,.,MB,ms,*,/,-,+,(,),published,baseline,if,lambda,e,_,j,0x,\\,',\0,"
    ":,.py:,é,1e308,999999999999999999999999999999999999999999".split(",")
)


@settings(max_examples=500, deadline=None)
@given(st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=12).map("".join)))
def test_any_text_gives_a_limit_or_a_limit_error(text: str) -> None:
    for candidate in (text, f"macs <= {text}"):
        try:
            limit = read(candidate)
        except LimitError:
            continue
        assert limit.resource in UNITS
        assert abs(limit.bound) < float("inf")
