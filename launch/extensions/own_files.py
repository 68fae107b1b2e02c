"""Resources of the user's own files, named in limits and axes by file and name: "my_resource.py:energy_mj".

A run's figures rest on such a file, so the run keeps where it is, its digest, and what it says of a few architectures;
a file that has gone, has changed or says something else by now is refused, not mixed in.

    reference   the file's path as it was first written; its resources are called "reference:name" from then on
    probe       a resource's mean cost over sampled architectures: tells what no digest does, such as a changed table
                that the file reads, or a meter that answers differently each time
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from launch.extensions.checked_meters import ResourceError, load_meters
from launch.extensions.file_digests import KeptFile, digest, path_of
from launch.extensions.probes import first_difference, probes, sampled
from nas.costs import AnyResource, resource_name
from nas.space import Space

SETTING = "resources"  # where experiment.json keeps them


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnFile:
    """A file of resources. `probes` are by resource name, none before a run keeps the file."""

    file: KeptFile
    probes: Mapping[str, float] = field(default_factory=dict)

    def load(self) -> tuple[AnyResource, ...]:
        """Its resources, see `load_meters`.

        Raises:
          KeptFileError: the file is gone or has changed.
          ResourceError, PluginError: it holds no resources.
        """
        self.file.check("prices")
        return load_meters(self.file.path, self.file.reference)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnFiles:
    """The files that a run keeps, or that a command names.

    `num_options` are the choices' of a run that has begun: its probes are of samples among those.
    """

    files: tuple[OwnFile, ...] = ()
    num_options: tuple[int, ...] = ()

    @classmethod
    def kept(cls, settings: Mapping[str, Any]) -> "OwnFiles":
        """Those of a run, from its settings; nothing is loaded yet."""
        return cls(
            files=tuple(
                OwnFile(file=KeptFile.read(reference, kept), probes=kept["probes"])
                for reference, kept in settings.get(SETTING, {}).items()
            ),
            num_options=tuple(settings.get("meaning", {}).get("num_options", ())),
        )

    def naming(self, names: Iterable[str]) -> "OwnFiles":
        """These files and those that resource names speak of, each once.

        Raises:
          PluginError: there is no such file.
          ResourceError: one reference would stand for two files.
        """
        own = self
        for reference in map(_reference, names):
            if reference and own._find(reference) is None:
                own = replace(own, files=(*own.files, OwnFile(file=KeptFile.named(reference))))
        return own

    def naming_limits(self, texts: Iterable[str]) -> "OwnFiles":
        """The same, for limits."""
        return self.naming(map(resource_name, texts))

    def name(self, name: str) -> str:
        """A resource name with its file called as it is called here; other names stay as they are."""
        found = self._find(_reference(name))
        return name if found is None else f"{found.file.reference}:{name.rpartition(':')[2]}"

    def limit(self, text: str) -> str:
        """The same, for a limit."""
        name = resource_name(text)
        return text.replace(name, self.name(name), 1)

    def load(self, space: Space) -> tuple[AnyResource, ...]:
        """Every file's resources.

        Raises:
          KeptFileError, PluginError: see `OwnFile.load`.
          ResourceError: the same; or a resource says something else than when the run began.
        """
        resources = tuple(resource for own in self.files for resource in own.load())
        known = {name: probe for own in self.files for name, probe in own.probes.items()}
        if known:
            networks = sampled(space, self.num_options)
            _check_probes(known, probes(networks, [resource for resource in resources if resource.name in known]))
        return resources

    def record(self, space: Space) -> dict[str, Any]:
        """For the run's settings."""
        return {
            own.file.reference: {**own.file.record(), "probes": dict(own.probes or self._probes(space, own))}
            for own in self.files
        }

    def _probes(self, space: Space, own: OwnFile) -> dict[str, float]:
        return probes(sampled(space, self.num_options), own.load())

    def _find(self, reference: str) -> OwnFile | None:
        """The file here that a reference stands for: the same file, or else the one that is called so."""
        if not reference:
            return None
        path = path_of(reference)
        same = _first(own for own in self.files if own.file.path == path)
        called = _first(own for own in self.files if own.file.reference == reference) or _first(
            own for own in self.files if own.file.path.name == reference
        )
        if same or called is None or not path.is_file() or digest(path) == called.file.sha256:
            return same or called
        if called.file.reference != reference:
            return None  # a file of that name, but another one
        raise ResourceError(
            f"{reference!r} stands for {called.file.path} in this run, and there is another file {path}; "
            "write its whole path to name that one"
        )


def _first(files: Iterable[OwnFile]) -> OwnFile | None:
    return next(iter(files), None)


def _reference(name: str) -> str:
    """The file in a resource's name, "" if there is none."""
    return name.rpartition(":")[0] if ".py:" in name else ""


def _check_probes(known: Mapping[str, float], found: Mapping[str, float]) -> None:
    if difference := first_difference(known, found):
        raise ResourceError(
            f"{difference}; restore what the file reads, or, if it measures, keep its measurements in a table"
        )
