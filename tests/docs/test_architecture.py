"""The way in: what the page links to is there, what it names can be imported, its program runs; rooms say the truth."""

import ast
import importlib
import re
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, Page, python

PAGE = Page(name="architecture.md")
PACKAGES = ("nas", "search_spaces", "predictors", "launch")
FACES = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("__init__.py"))]


def room_of(face: Path) -> str:
    return ".".join(face.parent.relative_to(ROOT).parts)


def links() -> list[str]:
    return re.findall(r"\]\(([^)#]+)\)", PAGE.text)


def named_files() -> list[str]:
    """Files and folders of ours that stand between backticks."""
    return re.findall(rf"`((?:{'|'.join(PACKAGES)})/[\w/]*(?:\.py)?)`", PAGE.text)


def targets(path: Path) -> set[str]:
    """Dotted names of everything that a file imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found


def test_every_link_leads_somewhere() -> None:
    assert len(links()) > 30
    assert [link for link in links() if not (ROOT / "docs" / link).exists()] == []


def test_every_file_that_is_named_is_there() -> None:
    assert [name for name in named_files() if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("name", sorted({name for name in named_files() if name.endswith(".py")}))
def test_what_is_named_can_be_imported(name: str) -> None:
    module = name.removesuffix(".py").replace("/", ".")
    if module == "launch.executors.ray":
        pytest.skip("imports Ray, which its own tests do")
    importlib.import_module(module)


@pytest.mark.slow
def test_the_program_runs(tmp_path: Path) -> None:
    (program,) = PAGE.blocks()
    run = python(tmp_path, "-c", program)
    assert run.returncode == 0, run.stderr
    assert "width" in run.stdout


@pytest.mark.parametrize("face", FACES, ids=room_of)
def test_a_room_imports_no_more_than_it_says(face: Path) -> None:
    room, said = room_of(face), ast.get_docstring(ast.parse(face.read_text())) or ""
    assert said, f"{face} does not say what stands in it"
    sentence = re.search(r"(?:Imports|They\s+import)\s+(.*?)\.(?:\s|$)", said, re.DOTALL)
    if sentence is None:  # the packages themselves
        assert "." not in room
        return
    allowed = (room, *re.findall(r"[a-z_]+(?:\.[a-z_]+)*", sentence[1]))
    strangers = {
        target
        for path in face.parent.rglob("*.py")
        for target in targets(path)
        if target.split(".")[0] in PACKAGES and not any(f"{target}.".startswith(f"{name}.") for name in allowed)
    }
    assert strangers == set()


@pytest.mark.parametrize("face", FACES, ids=room_of)
def test_a_room_hands_out_what_it_lists(face: Path) -> None:
    module = importlib.import_module(room_of(face))
    assert [name for name in getattr(module, "__all__", ()) if not hasattr(module, name)] == []
