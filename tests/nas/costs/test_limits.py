"""Limits: what they mean, and that every malformed text gets its own message and nothing but `LimitError`."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nas.costs.limits import Limit, LimitError, check_reach, is_resource_name, parse_limit, quoted, resource_name
from nas.units import sizes, spellings

UNITS = {
    "macs": "MACs",
    "params": "parameters",
    "weight_bytes.int8": "bytes",
    "latency_ms.cpu": "ms",
    "error": "1",
    "my/own.py:sram_bytes.peak": "bytes",
    "own.py:flash": "KiB",
    "own.py:energy": "mJ",
    "latency_ms.Pixel 4": "ms",
    "flops (M)": "M",
    "a <= b": "",
    "power": "W",
    "tokens": "tokens",
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
        ("own.py:energy <= 2.5 J", "own.py:energy", "<=", 2500.0),
        ("own.py:energy <= 900 uJ", "own.py:energy", "<=", 0.9),
        ("own.py:energy <= 0.002 kJ", "own.py:energy", "<=", 2000.0),
        ("macs <= 2.6 GMACs", "macs", "<=", 2.6e9),
        ("macs <= 2.6 G MACs", "macs", "<=", 2.6e9),
        ("macs <= 300MMACs", "macs", "<=", 3e8),
        ("macs <= 1T", "macs", "<=", 1e12),
        ("params <= 3 Mparams", "params", "<=", 3e6),
        ("'flops (M)' <= 5", "flops (M)", "<=", 5.0),
        ("`flops (M)` <= 5G", "flops (M)", "<=", 5e3),
        ('"latency_ms.Pixel 4" <= 3 ms', "latency_ms.Pixel 4", "<=", 3.0),
        ("3 ms >= 'latency_ms.Pixel 4'", "latency_ms.Pixel 4", "<=", 3.0),
        ('"a <= b" >= 3', "a <= b", ">=", 3.0),
        ('"macs" <= 3', "macs", "<=", 3.0),
        ("latency_ms.cpu <= 900 µs", "latency_ms.cpu", "<=", 0.9),
        ("weight_bytes.int8 <= 3 kB", "weight_bytes.int8", "<=", 3000.0),
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
        (
            "mcas <= 2e9",
            'did you mean \'macs\'.*known: "a <= b", error, "flops \\(M\\)", "latency_ms.Pixel 4", latency',
        ),
        ("MACs <= 2e9", "did you mean 'macs'"),
        ("latency_ms.pixel4 <= 3", "did you mean '\"latency_ms.Pixel 4\"'"),
        ("latency_ms.Pixel 4 <= 3 ms", "takes quotes, '\"latency_ms.Pixel 4\" <= 3 ms'"),
        ("flops (M) <= 300", "takes quotes, '\"flops \\(M\\)\" <= 300'"),
        ('"" <= 3', "no resource standing alone"),
        ("macs <= 2,600,000", "without separators; write 'macs <= 2600000'$"),
        ("2,600 >= macs", "without separators; write '2600 >= macs' or '2.600 >= macs'$"),
        ("macs <= 2,6 GMACs", "with a point .*; write 'macs <= 2.6 GMACs'$"),
        ("macs <= 2 600 000", "write 'macs <= 2600000'$"),
        ("macs <= 2'600'000", "write 'macs <= 2600000'$"),
        ("macs <= 2.600.000,5", "write 'macs <= 2600000.5'$"),
        ("macs <= 3 gmacs", "'gmacs' is neither a unit .*; did you mean 'GMACs'\\?$"),
        ("macs <= 3 GMAC", "did you mean 'GMACs'\\?$"),
        ("macs <= 3 m", "did you mean 'M'\\?$"),
        ("macs <= 3 mMACs", "did you mean 'MMACs'\\?$"),
        ("weight_bytes.int8 <= 3 gb", "did you mean 'GB'\\?$"),
        ("latency_ms.cpu <= 3 MS", "did you mean 'ms'\\?$"),
        ("own.py:energy <= 3 mj", "did you mean 'mJ' or 'MJ'\\?$"),
        ("own.py:energy <= 3 K", "measured in mJ, so its amount cannot be in 'K'; use J, nJ, uJ, mJ, kJ"),
        ("tokens <= 3 mtokens", "did you mean 'Mtokens'\\?$"),
        ("weight_bytes.int8 <= 3 GMACs", "measured in bytes, so its amount cannot be in 'GMACs'; use B"),
        ('"a <= b" <= 3 ms', "'a <= b' has no unit, so its amount cannot be in 'ms'; use K, M, G, T, or a number"),
        ("macs ≤ 3", "compares with '≤'; use <= or >="),
        (
            "macs <= 3MB",
            "measured in MACs, so its amount cannot be in 'MB'; use K, M, G, T, MACs, .*GMACs, TMACs, or a plain",
        ),
        ("weight_bytes.int8 <= 3ms", "measured in bytes, so its amount cannot be in 'ms'; use B, KB"),
        (
            "latency_ms.cpu <= 3K",
            "measured in ms, so its amount cannot be in 'K'; use ns, us, ms, s, or a plain number",
        ),
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


@given(st.text(min_size=1).filter(lambda name: name.strip() and not {'"', "'", "`"} <= set(name)))
def test_every_name_can_be_given_in_quotes(name: str) -> None:
    for mark in "\"'`":
        if mark not in name:
            limit = parse_limit(f"{mark}{name}{mark} <= 2 K", units={name: ""}, reference_cost=reference_cost)
            assert (limit.resource, limit.relation, limit.bound) == (name, "<=", 2000.0)
    text = f"{quoted(name)} >= 3"
    assert parse_limit(text, units={name: ""}, reference_cost=reference_cost).resource == resource_name(text) == name


@pytest.mark.parametrize("unit", sorted({*UNITS.values(), "KiB", "s", "GFLOPs", "kW", "parameters"} - {"", "1"}))
@given(st.decimals(0, 10**6, places=3), st.data())
def test_amounts_in_every_unit_that_fits_are_the_same_amount(unit: str, amount: Decimal, data: st.DataObject) -> None:
    fitting = sizes(unit)
    name = data.draw(st.sampled_from(sorted(fitting)))
    limit = parse_limit(f"x <= {amount:f} {name}", units={"x": unit}, reference_cost=reference_cost)
    assert limit.bound == float(Fraction(amount) * fitting[name])
    assert fitting[unit] == 1 and set(spellings(unit)) <= set(fitting)


@given(st.integers(1000, 10**12))
def test_a_number_with_separators_is_told_without_them(number: int) -> None:
    for mark in ", '":
        with pytest.raises(LimitError, match=f"write 'macs <= {number}( G)?'"):
            read(f"macs <= {f'{number:,}'.replace(',', mark)} G")


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
