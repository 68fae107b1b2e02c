"""A plug-in by key, by dotted path and by file, and what is said when there is none."""

import pickle
import sys
from pathlib import Path

import pytest

from nas.plugins import KINDS, PREDICTORS, SPACES, Kind, PluginError, load_file, loaded_files
from search_spaces import tiefenrausch


def test_a_key_a_dotted_path_and_a_file_give_the_same_thing() -> None:
    file = Path(tiefenrausch.__file__)
    assert SPACES.load("tiefenrausch") is tiefenrausch.SPACE
    assert SPACES.load("search_spaces.tiefenrausch") is tiefenrausch.SPACE
    assert SPACES.load(str(file)) == tiefenrausch.SPACE


def test_keys_are_files_that_define_the_export_and_no_others() -> None:
    assert "tiefenrausch" in SPACES.keys()
    assert {"auto", "forest", "gp", "mlp", "pairwise", "ridge"} <= set(PREDICTORS.keys())
    assert not [key for kind in KINDS.values() for key in kind.keys() if key.startswith("_")]
    assert {"cpu", "fake"} <= set(KINDS["devices"].keys())
    assert not {"profile", "table", "device"} & set(KINDS["devices"].keys())


def test_a_word_in_a_docstring_defines_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "room_of_tests"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "talk.py").write_text('"""A file about an\nexperiment that it does not define."""\n')
    (package / "deed.py").write_text("def experiment():\n    return 1\n")
    (package / "typed.py").write_text("experiment: object = None\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert Kind(name="experiment", package="room_of_tests", export="experiment").keys() == ("deed", "typed")


def test_an_unknown_key_lists_the_known_ones_and_the_nearest() -> None:
    with pytest.raises(
        PluginError, match=r"unknown space 'tiefenrauch' \(did you mean 'tiefenrausch'\?\); known: .*tiefenrausch"
    ):
        SPACES.load("tiefenrauch")
    with pytest.raises(
        PluginError, match=r"unknown predictor 'zzz'; known: auto, extra_trees, forest, gp, .*or give a dotted path"
    ):
        PREDICTORS.load("zzz")


def test_a_module_that_cannot_be_imported_is_named_with_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(PluginError, match=r"cannot import the space 'no.such': ModuleNotFoundError: No module"):
        SPACES.load("no.such")
    (tmp_path / "shop_of_tests").mkdir()
    (tmp_path / "shop_of_tests" / "broken.py").write_text("1 / 0\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(PluginError, match=r"'shop_of_tests.broken': ZeroDivisionError: division by zero"):
        SPACES.load("shop_of_tests.broken")


def test_a_file_that_lacks_the_export_is_named(tmp_path: Path) -> None:
    file = tmp_path / "empty.py"
    file.write_text("space = 1\n")
    with pytest.raises(PluginError, match=r"empty\.py defines no SPACE; a space is a file that does"):
        SPACES.load(str(file))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(PluginError, match=r"there is no file .*absent\.py"):
        SPACES.load(str(tmp_path / "absent.py"))


def test_a_file_that_fails_is_named_with_its_reason_and_may_be_mended(tmp_path: Path) -> None:
    file = tmp_path / "mended.py"
    file.write_text("SPACE = undefined\n")
    with pytest.raises(PluginError, match=r"mended\.py fails when it is imported: NameError: name 'undefined'"):
        SPACES.load(str(file))
    file.write_text("SPACE = 'whole'\n")
    assert SPACES.load(str(file)) == "whole"


def test_a_file_is_loaded_once_whatever_it_is_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "with.dots and spaces.py"
    file.write_text("class Thing: pass\nSPACE = Thing()\n")
    monkeypatch.chdir(tmp_path)
    first = SPACES.load(str(file))
    assert SPACES.load(file.name) is first
    assert load_file(file) in loaded_files()
    assert type(pickle.loads(pickle.dumps(first))) is type(first)


def test_two_files_of_one_name_are_two_plugins(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "same.py").write_text(f"SPACE = {folder!r}\n")
    assert [SPACES.load(str(tmp_path / folder / "same.py")) for folder in ("one", "two")] == ["one", "two"]


def test_listing_imports_no_plugin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "launch.experiments.demo", raising=False)
    assert "demo" in KINDS["experiments"].keys()
    assert "launch.experiments.demo" not in sys.modules
