"""`nas repair`: save what can be read of a damaged record; the damaged one is kept beside it."""

import json
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path

from optuna.storages import RDBStorage

from launch.paths import storage_file
from launch.session import RunFolder
from nas.record.journal import repair_journal
from nas.record.repair_journal import RepairError, mend, missing, unended
from nas.record.repair_sqlite import copy_readable, is_whole
from nas.record.storage import open_storage

SQLITE_COMPANIONS = ("-wal", "-journal", "-shm")


@dataclass(frozen=True, slots=True, kw_only=True)
class Repaired:
    """What was done.

    Attributes:
      record: its file.
      copy: the damaged one, None if nothing was wrong with it.
      aside: a file with what could not be read, None if there is none.
      what: in a few words, what was damaged.
      lost: trials of which nothing is known any more.
      unended: trials without an outcome.
    """

    record: str
    copy: str | None
    aside: str | None
    what: str
    lost: tuple[str, ...]
    unended: tuple[str, ...]


def run(*, run: Path, as_json: bool) -> int:
    folder = RunFolder(path=run)
    settings = folder.settings()
    file = storage_file(settings["storage"]) if settings["storage"] else folder.journal
    if file is None:
        raise RepairError(f"{settings['storage']} is a server's; its own tools check and restore it")
    if not file.is_file():
        raise RepairError(f"there is no record {file} to be repaired; restore it from a copy")
    with folder.hold():
        is_database = "://" in (settings["storage"] or "")
        repaired = (_database if is_database else _journal)(file, settings["storage"] or "", settings["study"])
        folder.forget_known()
    print(json.dumps({"run": str(run), **asdict(repaired)}, indent=1) if as_json else _text(repaired))
    return 0


def _journal(file: Path, location: str, study: str) -> Repaired:
    content = file.read_bytes()
    mended = mend(content, study)
    copy = aside = None
    if mended.content != content:
        copy = _beside(file, "before-repair")
        shutil.copy2(file, copy)
        if mended.damaged:
            aside = _beside(file, "damaged")
            aside.write_bytes(b"".join(b"line %d: %s\n" % (damage.line, damage.text) for damage in mended.damaged))
        RunFolder(path=file.parent).write_bytes(file, mended.content)
    repair_journal(file)
    lines = _listed([str(damage.line) for damage in mended.damaged])
    what = f"damaged lines: {lines}; operations saved from them: {mended.num_saved}"
    return Repaired(
        record=str(file),
        copy=str(copy) if copy else None,
        aside=str(aside) if aside else None,
        what=what,
        lost=tuple(missing(open_storage(file), study)),
        unended=tuple(unended(open_storage(file), study)),
    )


def _database(file: Path, location: str, study: str) -> Repaired:
    """Nobody else may be writing there: an SQLite file may hold other runs."""
    if is_whole(file):
        return Repaired(record=str(file), copy=None, aside=None, what="no row is damaged", lost=(), unended=())
    copy = _beside(file, "before-repair")
    with tempfile.TemporaryDirectory(dir=file.parent) as place:
        work, fresh = Path(place) / "work.db", Path(place) / "fresh.db"
        for ending in ("", *SQLITE_COMPANIONS):
            if (source := Path(f"{file}{ending}")).exists():
                shutil.copy2(source, f"{work}{ending}")
                shutil.copy2(source, f"{copy}{ending}")
        rows = copy_readable(work, fresh)
        lost, open_ones = _gaps(fresh, study)
        for ending in SQLITE_COMPANIONS:
            Path(f"{file}{ending}").unlink(missing_ok=True)
        fresh.replace(file)
    where = _listed(sorted(set(rows.tables)))
    what = f"rows copied: {rows.num_kept:,}; rows lost: {rows.num_lost:,} ({where})"
    return Repaired(record=str(file), copy=str(copy), aside=None, what=what, lost=lost, unended=open_ones)


def _gaps(fresh: Path, study: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Trials that are lost, and those that are without an outcome."""
    storage = open_storage(f"sqlite:///{fresh}")
    try:
        return tuple(missing(storage, study)), tuple(unended(storage, study))
    except KeyError:
        raise RepairError(f"nothing can be read of the run's study {study!r}; restore the record from a copy") from None
    finally:
        storage.remove_session()
        if isinstance(storage, RDBStorage):
            storage.engine.dispose()


def _beside(file: Path, what: str) -> Path:
    """A name that is free: "study.journal.before-repair", and a number behind it from the second time on."""
    names = (file.with_name(f"{file.name}.{what}{'' if i == 1 else f'-{i}'}") for i in count(1))
    return next(path for path in names if not path.exists())


def _text(repaired: Repaired) -> str:
    lines = [f"{repaired.record}: {repaired.what}"]
    if repaired.lost:
        lines.append(f"lost, and proposed anew: {_listed(repaired.lost)}")
    if repaired.unended:
        lines.append(f"without an outcome, to be trained: {_listed(repaired.unended)}")
    if repaired.aside:
        lines.append(f"what could not be read: {repaired.aside}")
    if repaired.copy:
        lines.append(f"the record as it was: {repaired.copy}")
    return "\n".join([*lines, "the same `nas search` goes on from there"])


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "none"
