"""What a column's name says, and limits that hold on to it."""

from pathlib import Path

import numpy as np
import pytest

from launch.bench.question.column_limits import limited
from launch.bench.question.column_units import Unit, UnitError, is_counted, said_units, unit_of
from nas.costs import LimitError
from search_spaces.table import Results, read_results


@pytest.mark.parametrize(
    ("column", "unit"),
    [
        ("lat_ms_zcu102", "ms"), ("latency_ms.pixel4", "ms"), ("time (us)", "us"), ("Latency [ms]", "ms"),
        ("train_s", "s"), ("energy_mj", "mJ"), ("power_mW", "mW"), ("size_kb", "KB"), ("weight_bytes", "bytes"),
        ("ms", "ms"), ("mmacs", "MMACs"), ("MMACs", "MMACs"), ("gflops", "GFLOPs"), ("GFLOPS", "GFLOPs"),
        ("flops", "FLOPs"), ("flops (M)", "MFLOPs"), ("flops(M)", "MFLOPs"), ("params_m", "M"), ("mparams", "M"),
        ("#params [M]", "M"), ("num_params", ""), ("params", ""), ("cost (G)", "G"),
        ("acc", ""), ("x", ""), ("s_acc", ""), ("class_m", ""), ("mixed", ""),
    ],
)  # fmt: skip
def test_a_unit_is_read_off_a_name(column: str, unit: str) -> None:
    assert str(unit_of(column)) == unit


def test_counts_are_known_by_name() -> None:
    counted = (
        "params Params mparams params_m m_params num_params n_params #params param_count total_params params(M) gflops "
        "flops GFLOPs flops_m mflops macs mmacs gmacs MACs madds mult_adds_unknown depth"
    ).split()
    assert [name for name in counted if not is_counted(name)] == ["mult_adds_unknown"]
    for name in ("acc", "latency_ms", "depth_error", "params_teacher", "flops_latency", "m", "gm_params"):
        assert not is_counted(name)


@pytest.mark.parametrize(
    ("text", "unit"),
    [("t=ms", Unit(name="ms")), ("t = M", Unit(scale=1e6)), ("t=GFLOPs", Unit(name="FLOPs", scale=1e9)),
     ("t=mJ", Unit(name="mJ")), ("t=KiB", Unit(name="KiB")), ("t=fps", Unit(name="fps"))],
)  # fmt: skip
def test_a_unit_can_be_said(text: str, unit: Unit) -> None:
    assert said_units([text], ["t"]) == {"t": unit}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ms", "a unit is COLUMN=UNIT, such as latency=ms, energy=mJ or cost=M, got 'ms'"),
        ("t=", "a unit is COLUMN=UNIT"),
        ("t=3", "a unit is COLUMN=UNIT"),
        ("u=ms", "--unit u=ms: the table has no column 'u'; known: t"),
    ],
)
def test_what_is_no_unit_is_refused(text: str, message: str) -> None:
    with pytest.raises(UnitError, match=message):
        said_units([text], ["t"])


@pytest.fixture
def results(tmp_path: Path) -> Results:
    path = tmp_path / "t.csv"
    path.write_text(
        "x_a,acc,lat_ms_zcu102,lat,mmacs,params_m,e_mj\n0,1,3,3,200,1.5,4\n1,2,5,5,400,4.5,6\n2,3,,9,900,9,\n"
    )
    return read_results(path)


@pytest.mark.parametrize(
    ("text", "said", "allowed"),
    [
        ("lat_ms_zcu102 <= 4 ms", {}, [1, 0, 0]),
        ("lat_ms_zcu102 <= 4000us", {}, [1, 0, 0]),
        ("0.004 s >= lat_ms_zcu102", {}, [1, 0, 0]),
        ("lat_ms_zcu102 <= 4", {}, [1, 0, 0]),
        ("lat <= 6e-3 s", {"lat": "ms"}, [1, 1, 0]),
        ("lat_ms_zcu102 <= 4 ms", {"lat_ms_zcu102": "s"}, None),
        ("mmacs <= 300M", {}, [1, 0, 0]),
        ("mmacs <= 0.3 G", {}, [1, 0, 0]),
        ("mmacs <= 3e2", {}, [1, 0, 0]),
        ("params_m <= 2M", {}, [1, 0, 0]),
        ("params_m >= 4.5", {}, [0, 1, 1]),
        ("e_mj <= 5 mJ", {}, [1, 0, 0]),
    ],
)
def test_a_limit_is_in_the_column_s_unit_or_in_its_own(
    results: Results, text: str, said: dict[str, str], allowed: list[int] | None
) -> None:
    units = said_units([f"{column}={unit}" for column, unit in said.items()], results.cells)
    if allowed is None:
        with pytest.raises(ValueError, match="no row meets the limit"):
            limited(results, [text], units)
    else:
        np.testing.assert_array_equal(limited(results, [text], units).allowed, allowed)


def test_a_limit_in_another_scale_says_how_it_was_read(results: Results) -> None:
    assert "mmacs is in MMACs, so 'mmacs <= 300M' is mmacs <= 300" in limited(results, ["mmacs <= 300M"], {}).notes


def test_a_limit_that_every_row_meets_says_that_it_binds_nothing(results: Results) -> None:
    told = " ".join(limited(results, ["lat <= 300M"], {}).notes)
    assert "'lat <= 300M' binds nothing: lat goes from 3 to 9, and 300,000,000 is met by every row" in told
    assert "binds nothing" not in " ".join(limited(results, ["lat_ms_zcu102 <= 99"], {}).notes)  # a row has no value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "lat <= 4 ms",
            r"the column 'lat' does not say its unit, so its amount cannot be in 'ms'; say it with --unit l",
        ),
        ("lat <= 4MB", "--unit lat=MB, or give a plain number"),
        ("lat_ms_zcu102 <= 4MB", "'lat_ms_zcu102' is measured in ms, so its amount cannot be in 'MB'"),
        ("latency <= 4 ms", "'latency', which is no known resource"),
        ("lat = 4 ms", "compares with '='; use <= or >="),
    ],
)
def test_a_unit_that_does_not_fit_is_refused_in_a_whole_sentence(results: Results, text: str, message: str) -> None:
    with pytest.raises(LimitError, match=message):
        limited(results, [text], {})
