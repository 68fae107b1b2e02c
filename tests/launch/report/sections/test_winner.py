"""The winner's tables against counts from other roads."""

import pytest

from launch.report.sections.winner import architecture_table
from launch.report.view import deviation
from search_spaces.tiefenrausch import SPACE


def test_stages_of_the_published_network_add_up_to_its_known_macs() -> None:
    table = architecture_table(SPACE, SPACE.reference("published"))
    names = [cell.text for cell in table.header]
    macs = [int(row[names.index("MACs")].text.replace(",", "")) for row in table.rows]
    assert sum(macs) == 6_831_333_504 and len(macs) == 18
    rows = {row[0].text: {name: cell.text for name, cell in zip(names, row, strict=True)} for row in table.rows}
    assert rows["4C"] | {"MACs": "", "share": ""} == {
        "stage": "4C", "op": "trb", "inputs": "4B + 5C", "width": "96", "expansion": "9", "kernel": "3", "stride": "1",
        "repeat": "3", "upsample": "nearest", "output": "96x48x36", "MACs": "", "share": "",
    }  # fmt: skip


def test_decided_and_fixed_fields_look_different() -> None:
    table = architecture_table(SPACE, SPACE.reference("published"))
    styles = {name.text: cell.style for name, cell in zip(table.header, table.rows[0], strict=True)}
    assert styles["width"] == "number decided" and styles["kernel"] == "number dim"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0.0%"), (-1e-9, "0.0%"), (0.123, "+12.3%"), (-0.02, "-2.0%"), (None, "–")],  # noqa: RUF001  # as shown
)
def test_deviations_have_a_sign_unless_they_round_to_nothing(value: float | None, text: str) -> None:
    assert deviation(value) == text
