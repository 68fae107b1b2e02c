"""Plug-ins: finds the object that a key, a dotted path or a file names.

    tiefenrausch                     the file tiefenrausch.py of the kind's own package
    my_company.spaces.small          any importable module
    path/to/small.py                 any file

Each kind of plug-in exports one name (`SPACE`, `PREDICTOR`, ...). The file is the registration. What stands beside a
file can be imported from it, as from a script; `nas.errors.own_code` has what is made of the mistakes in it.
"""

import difflib
import importlib
import importlib.util
import pkgutil
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from nas.errors import aside, told

FILE_PREFIX = "chamnas_file:"  # of the module name of a plug-in that was loaded by its path


class PluginError(ValueError):
    """A plug-in that cannot be found, or that does not export what its kind needs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A sort of plug-in: `package` holds the built-in ones, `export` is the name that a file must define."""

    name: str
    package: str
    export: str

    @property
    def plural(self) -> str:
        return self.name[:-1] + "ies" if self.name.endswith("y") else self.name + "s"

    def keys(self) -> tuple[str, ...]:
        """Keys of the built-in plug-ins, found by looking into the files, without importing them."""
        package = importlib.import_module(self.package)
        found = []
        for info in pkgutil.iter_modules(package.__path__):
            source = Path(package.__path__[0], f"{info.name}.py")
            if not info.name.startswith("_") and self._defined_in(source):
                found.append(info.name)
        return tuple(sorted(found))

    def load(self, reference: str) -> Any:
        """The object that a key, a dotted path or a file stands for.

        Raises:
          PluginError: nothing is there, or it lacks the export.
        """
        module = self._module(reference)
        if not hasattr(module, self.export):
            raise PluginError(f"{reference} defines no {self.export}; a {self.name} is a file that does")
        return getattr(module, self.export)

    def _defined_in(self, source: Path) -> bool:
        definition = rf"^(def {self.export}\(|{self.export}\s*[:=])"
        return source.exists() and re.search(definition, source.read_text(), re.MULTILINE) is not None

    def _module(self, reference: str) -> ModuleType:
        if reference.endswith(".py"):
            return load_file(Path(reference))
        if reference in self.keys():
            return importlib.import_module(f"{self.package}.{reference}")
        if "." in reference:
            try:
                with aside():
                    return importlib.import_module(reference)
            except (Exception, SystemExit) as error:
                raise PluginError(f"cannot import the {self.name} {reference!r}: {told(error)}") from error
        known = self.keys()
        near = difflib.get_close_matches(reference, known, n=1)
        hint = f" (did you mean {near[0]!r}?)" if near else ""
        raise PluginError(
            f"unknown {self.name} {reference!r}{hint}; known: {', '.join(known) or 'none'}; "
            "or give a dotted path or a .py file"
        )


def load_file(path: Path) -> ModuleType:
    """Import a file by its path, once; modules beside it can be imported from then on.

    Raises:
      PluginError: there is no such file, or it fails when it runs.
    """
    if not path.is_file():
        raise PluginError(f"there is no file {path}")
    name = FILE_PREFIX + path.resolve().as_posix().replace(".", ":")  # a dot would make it a submodule
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    add_folders([str(path.resolve().parent)])
    try:
        with aside():
            spec.loader.exec_module(module)
    except BaseException as error:
        del sys.modules[name]
        if isinstance(error, Exception | SystemExit):
            raise PluginError(f"{path} fails when it is imported: {told(error)}") from error
        raise
    return module


def loaded_files() -> list[ModuleType]:
    """Plug-ins that were loaded by path. Other processes cannot import them by name; their objects travel by value."""
    return [module for name, module in sys.modules.items() if name.startswith(FILE_PREFIX)]


def folders() -> list[str]:
    """Where the plug-ins that were loaded by path lie, each once."""
    return list(dict.fromkeys(str(Path(str(module.__file__)).resolve().parent) for module in loaded_files()))


def add_folders(paths: Iterable[str]) -> None:
    """Let modules in these folders be imported; where two have one name, what is installed comes first."""
    sys.path.extend(path for path in paths if path not in sys.path)


def neighbours() -> list[ModuleType]:
    """Modules imported from the folders of plug-ins, with packages there: another machine may not have them."""
    roots = folders()
    return [module for name, module in sys.modules.copy().items() if _is_below(roots, name, module)]


def _is_below(roots: Iterable[str], name: str, module: ModuleType) -> bool:
    file = getattr(module, "__file__", None)
    stems = [Path(root, *name.split(".")) for root in roots]
    return file is not None and any(Path(file) in (stem.with_suffix(".py"), stem / "__init__.py") for stem in stems)


SPACES = Kind(name="space", package="search_spaces", export="SPACE")
STRUCTURES = Kind(name="structure", package="search_spaces", export="STRUCTURE")
PREDICTORS = Kind(name="predictor", package="predictors", export="PREDICTOR")
RESOURCES = Kind(name="resource", package="nas.resources", export="RESOURCES")
STRATEGIES = Kind(name="strategy", package="nas.strategies", export="STRATEGY")
DEVICES = Kind(name="device", package="nas.devices", export="DEVICE")
READERS = Kind(name="reader", package="nas.depth.data.readers", export="READER")
EXPERIMENTS = Kind(name="experiment", package="launch.experiments", export="experiment")
KINDS = {
    kind.plural: kind for kind in (SPACES, STRUCTURES, PREDICTORS, RESOURCES, DEVICES, STRATEGIES, READERS, EXPERIMENTS)
}
