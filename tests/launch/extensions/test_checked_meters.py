"""A user's file of resources: what is taken as it is, and what is said of each mistake in it."""

from pathlib import Path

import numpy as np
import pytest

from launch.extensions.checked_meters import ResourceError, load_meters
from nas.costs import CostTable, PeakTable, tabulate
from nas.costs.network_meters import NetworkTable
from nas.plugins import PluginError
from tests.experiments.tiny import SPACE

HEAD = "from nas.costs import Resource\nfrom nas.costs import PeakResource\nfrom nas.costs import NetworkResource\n"
GOOD = f"""{HEAD}
RESOURCES = (
    Resource(name="energy_mj", unit="mJ", measure=lambda op: 1e-6 * op.macs, constant=0.5),
    PeakResource(name="macs", unit="bytes", measure=lambda shape: 3 * shape.num_elements),
    NetworkResource(name="layers", unit="layers", measure=lambda network: len(network.nodes)),
)
"""
ROWS = SPACE.sample(20, np.random.default_rng(0))


def written(folder: Path, text: str) -> Path:
    path = folder / "own.py"
    path.write_text(text)
    return path


def untyped(field: str, value: str) -> str:
    """A file with a value of the wrong type, which only the checks of types in a test run would refuse at once."""
    return f'''{HEAD}
RESOURCES = (Resource(name="a", unit="u", measure=len),)
object.__setattr__(RESOURCES[0], "{field}", {value})
'''


def one(folder: Path, body: str, kind: str = "Resource") -> Path:
    """A file with one resource whose function has this body."""
    function = f"def cost(it):\n    {body}\n"
    return written(folder, f'{HEAD}{function}RESOURCES = ({kind}(name="cost", unit="u", measure=cost),)\n')


def test_every_kind_is_tabulated_as_the_built_in_ones_are_and_says_what_its_function_says(tmp_path: Path) -> None:
    tables = tabulate(SPACE, load_meters(written(tmp_path, GOOD), "own.py"))
    assert [table.resource.name for table in tables] == ["own.py:energy_mj", "own.py:macs", "own.py:layers"]
    assert [table.resource.unit for table in tables] == ["mJ", "bytes", "layers"]
    assert [type(table) for table in tables] == [CostTable, PeakTable, NetworkTable]
    networks = [SPACE.lower(row) for row in ROWS.tolist()]
    np.testing.assert_allclose(tables[0].cost(ROWS), [0.5 + 1e-6 * network.macs for network in networks])
    np.testing.assert_array_equal(tables[2].cost(ROWS), [len(network.nodes) for network in networks])
    for table in tables:
        np.testing.assert_allclose(table.cost(ROWS), [table.resource.of(network) for network in networks])


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("def energy_mj(op):\n    return op.macs\n", PluginError, r"own\.py defines no RESOURCES; a resource is"),
        ("RESOURCES = ()", ResourceError, r"RESOURCES must be a tuple of resources, got \(\); write RESOURCES = \("),
        (f'{HEAD}RESOURCES = Resource(name="a", unit="u", measure=len)', ResourceError, "must be a tuple of resources"),
        ("def cost(op): pass\nRESOURCES = (cost,)", ResourceError, "must hold resources only, got <function cost"),
        (f'{HEAD}RESOURCES = (Resource(name="a", measure=len),)', PluginError, "TypeError: .* argument: 'unit'"),
        (f'{HEAD}RESOURCES = (Resource(name="a", unit=" ", measure=len),)', ResourceError, "own.py:a must have a unit"),
        (untyped("unit", "1"), ResourceError, "a unit, got 1; write one"),
        (f'{HEAD}RESOURCES = (Resource(name="a b", unit="u", measure=len),)', ResourceError, "got 'a b'; rename it"),
        (untyped("measure", "3"), ResourceError, r"a function as its measure, got 3; write RESOURCES"),
        (
            f'{HEAD}RESOURCES = 2 * (Resource(name="a", unit="u", measure=len),)',
            ResourceError,
            "a name of its own, got a, a; rename one",
        ),
        (
            f'{HEAD}RESOURCES = (Resource(name="a", unit="u", measure=len, constant=-1.0),)',
            ResourceError,
            "own.py:a must be a finite number from 0, got -1.0 for a network without operators",
        ),
        ("1 / 0", PluginError, "fails when it is imported: ZeroDivisionError"),
    ],
)  # fmt: skip
def test_a_mistake_in_the_file_is_told_when_it_is_loaded(
    tmp_path: Path, text: str, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        load_meters(written(tmp_path, text), "own.py")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("return float('nan')", "own.py:cost must be a finite number from 0, got nan for"),
        ("return float('inf')", "got inf for"),
        ("return -1", "got -1 for .*; return one, or raise an error for what the meter does not know"),
        ("return None", "got None for"),
        ("return '3'", "got '3' for"),
        ("return 10**400", "own.py:cost fails for .*: OverflowError"),
        ("return it.no_such_thing", "own.py:cost fails for .*: AttributeError: .*no_such_thing"),
        ("raise ValueError('not known here')", "own.py:cost fails for .*: ValueError: not known here"),
    ],
)
@pytest.mark.parametrize(
    ("kind", "subject"),
    [
        ("Resource", "operator 'conv k3 s1 g1 relu 3>4 @16x16'"),
        ("PeakResource", "a tensor of 3x16x16"),
        ("NetworkResource", "a network of .. operators"),
    ],
)
def test_a_wrong_reading_names_the_resource_and_what_it_was_asked_for(
    tmp_path: Path, kind: str, subject: str, body: str, message: str
) -> None:
    resources = load_meters(one(tmp_path, body, kind), "own.py")
    with pytest.raises(ResourceError, match=message) as raised:
        tabulate(SPACE, resources)[0].cost(ROWS)
    assert raised.match(subject)


def test_numbers_of_numpy_are_numbers(tmp_path: Path) -> None:
    (resource,) = load_meters(one(tmp_path, "import numpy; return numpy.float32(0.5)"), "own.py")
    network = SPACE.lower(SPACE.reference("published"))
    assert resource.of(network) == 0.5 * len(network.nodes)
