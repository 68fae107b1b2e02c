"""From operator times to whole networks: a line that is found, and its error on networks that it has not seen."""

import numpy as np
import pytest

from nas.devices.fit import cross_fit, fit_line, judge, kind, predict, sums
from nas.ops import Add, Conv, GlobalPool, Network, Node, Shape, Upsample

SHAPE = Shape(4, 8, 8)
RNG = np.random.default_rng(0)
NETWORKS = [{"pointwise": float(a), "add": float(b)} for a, b in RNG.uniform(1.0, 20.0, (30, 2))]


def test_operators_are_told_apart_by_how_they_run() -> None:
    assert kind(Conv(input=SHAPE, width=8, kernel=1)) == "pointwise"
    assert kind(Conv(input=SHAPE, width=8, kernel=3)) == "convolution"
    assert kind(Conv(input=SHAPE, width=4, kernel=3, groups=4)) == "depthwise"
    assert kind(Add(input=SHAPE)) == "add"
    assert kind(Upsample(input=SHAPE, mode="nearest")) == "upsample"
    assert kind(GlobalPool(input=SHAPE)) == "global_pool"


def test_a_networks_operators_are_summed_by_kind() -> None:
    ops = [Add(input=SHAPE), Conv(input=SHAPE, width=4, kernel=1), Add(input=SHAPE)]
    network = Network(input=SHAPE, nodes=tuple(Node(name=str(i), op=op, inputs=()) for i, op in enumerate(ops)))
    assert sums({ops[0].key: 0.5, ops[1].key: 2.0}, network) == {"add": 1.0, "pointwise": 2.0}


def test_one_slope_for_all_is_found_exactly() -> None:
    measured = np.array([0.7 + 1.3 * sum(one.values()) for one in NETWORKS])
    line = fit_line(NETWORKS, measured)
    assert line.intercept_ms == pytest.approx(0.7, rel=1e-3)
    assert line.slopes == pytest.approx({"add": 1.3, "pointwise": 1.3}, rel=1e-3)
    fit = judge(cross_fit(NETWORKS, measured), measured)
    assert fit.mape < 1e-3 and fit.margin < 1e-3 and abs(fit.bias) < 1e-3
    assert fit.spearman == pytest.approx(1.0) and fit.within_10_percent == 1.0 and fit.num_networks == 30


def test_a_slope_of_its_own_is_found_where_networks_show_it() -> None:
    measured = np.array([1.0 + 1.2 * one["pointwise"] + 2.4 * one["add"] for one in NETWORKS])
    line = fit_line(NETWORKS, measured)
    assert line.slopes == pytest.approx({"add": 2.4, "pointwise": 1.2}, rel=0.03)
    assert judge(cross_fit(NETWORKS, measured), measured).mape < 0.01


def test_a_slope_that_networks_leave_open_is_the_common_one() -> None:
    networks = [{**one, "resize": 1e-6} for one in NETWORKS]
    measured = np.array([1.5 * sum(one.values()) for one in networks])
    assert fit_line(networks, measured).slopes["resize"] == pytest.approx(1.5, rel=0.01)


def test_nothing_is_ever_negative() -> None:
    measured = np.array([2.0 * sum(one.values()) - 1.0 for one in NETWORKS])
    line = fit_line(NETWORKS, measured)
    assert line.intercept_ms == 0.0
    assert all(1.0 < slope < 2.0 for slope in line.slopes.values())


def test_the_margin_covers_what_is_slower_than_predicted() -> None:
    rng = np.random.default_rng(0)
    networks = [{"add": float(ms)} for ms in rng.uniform(1.0, 20.0, 100)]
    measured = np.array([one["add"] for one in networks]) * (1 + rng.uniform(-0.2, 0.2, 100))
    fit = judge(cross_fit(networks, measured), measured)
    assert 0.14 < fit.margin < 0.26
    assert fit.mape == pytest.approx(0.1, abs=0.03) and fit.within_10_percent == pytest.approx(0.5, abs=0.15)


def test_the_margin_covers_slower_sessions_too() -> None:
    measured = np.array([1.0, 2.0])
    fit = judge(measured, measured, [(1.0, 1.2, 1.1), (2.0, 2.2, 2.4)])
    assert fit.mape == 0.0 and fit.margin == pytest.approx(0.2)


def test_networks_are_predicted_by_a_line_that_has_not_seen_them() -> None:
    measured = np.array([1.0, 2.5, 3.0, 8.0, 6.0])
    networks = [{"add": float(ms)} for ms in range(1, 6)]
    for i in range(5):
        others = [j for j in range(5) if j != i]
        line = fit_line([networks[j] for j in others], measured[others])
        assert cross_fit(networks, measured)[i] == pytest.approx(predict(line, [networks[i]])[0])
