"""The pages on strategies and predictors: both files search, replay a table, and are refused with the real errors."""

import json
import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest

from tests.docs.pages import Page, nas

PAGES = {
    "my_strategy.py": Page(name="writing-a-strategy.md"),
    "my_predictor.py": Page(name="writing-a-predictor.md"),
}
OPTION = {"my_strategy.py": "strategy", "my_predictor.py": "predictor"}


def command(file: str, verb: str) -> list[str]:
    (found,) = [words for words in PAGES[file].commands() if words[0] == verb]
    return found


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with both files, the tiny experiment under the name that the pages use, and a table."""
    folder = tmp_path_factory.mktemp("pages")
    (folder / "my_digits.py").write_text("from tests.experiments.tiny import experiment\n")
    for file, page in PAGES.items():
        (folder / file).write_text(page.blocks()[0])
    rows = [f"{a},{b},{c},{a - b * c}" for a, b, c in product(range(4), repeat=3)]
    (folder / "table.csv").write_text("\n".join(["x_a,x_b,x_c,acc", *rows]))
    yield folder


@pytest.mark.parametrize("file", PAGES)
def test_a_page_is_half_a_page(file: str) -> None:
    assert PAGES[file].blocks()[0].startswith(f"# {file}\n") and len(PAGES[file].text.splitlines()) < 60


@pytest.mark.parametrize("file", PAGES)
@pytest.mark.slow
def test_the_search_of_the_page_runs_with_the_file(place: Path, file: str) -> None:
    search = command(file, "search")
    ended = nas(place, *search, "--executor", "serial", "--cache", "cache", "--trials", "10")
    assert ended.returncode == 0, ended.stderr
    kept = json.loads((place / search[-1] / "experiment.json").read_text())
    assert kept[OPTION[file]].keys() == {file}


@pytest.mark.slow  # it looks at the search above
def test_the_strategy_climbs(place: Path) -> None:
    page = (place / command("my_strategy.py", "search")[-1] / "report.html").read_text()
    assert ">climb<" in page


@pytest.mark.parametrize("file", PAGES)
@pytest.mark.slow
def test_the_replay_of_the_page_runs_with_the_file(place: Path, file: str) -> None:
    ended = nas(place, *command(file, "bench"), "--seeds", "2", "--jobs", "1", "--json")
    assert ended.returncode == 0, ended.stderr


WRONG = {
    "my_strategy.py": (("tuple(drawn)", "(0, 0, 0)"), ("self.task.sample", "self.tusk.sample")),
    "my_predictor.py": (("= Nearest()", "= Nearest"), ("std=self.noise * (0.5 + near / (1 + near))", "std=0.0 * near")),
}


@pytest.mark.slow
@pytest.mark.parametrize(("file", "number"), [(file, number) for file in PAGES for number in range(2)])
def test_the_errors_are_the_real_ones(place: Path, tmp_path: Path, file: str, number: int) -> None:
    right, wrong = WRONG[file][number]
    source = (place / file).read_text()
    assert right in source
    (tmp_path / file).write_text(source.replace(right, wrong))
    (tmp_path / "my_digits.py").write_text((place / "my_digits.py").read_text())
    ended = nas(tmp_path, *command(file, "search"), "--executor", "serial", "--cache", "cache")
    told = re.sub(rf"{tmp_path}/", "", ended.stderr).strip()
    assert (ended.returncode, told) == (2, PAGES[file].errors()[number])
