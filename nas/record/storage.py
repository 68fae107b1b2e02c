"""Opening the storage of a record: a journal file or a database, its password, and what it says when it fails."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from optuna.exceptions import OptunaError
from optuna.storages import BaseStorage, RDBStorage
from optuna.storages.journal import JournalStorage
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError, SQLAlchemyError

from nas.record.journal import JournalFile

CONNECT_S = 10
REPAIR = "`nas repair RUN` saves what can be read"


class HistoryError(ValueError):
    """A record that cannot be opened, or that belongs to something else."""


def split_password(location: str) -> tuple[str, str | None]:
    """A storage's URL without its password, which may be written down and shown, and the password.

    Raises:
      HistoryError: a password is given for a database that can be given none in another way.
    """
    try:
        url = make_url(location)
    except ArgumentError:  # no URL: opening it tells
        return location, None
    hidden = url.password if url.password is not None else url.query.get("password")
    if hidden is None:
        return location, None
    query = {name: value for name, value in url.query.items() if name != "password"}
    bare = URL.create(url.drivername, url.username, None, url.host, url.port, url.database, query)
    shown = bare.render_as_string(hide_password=False)
    if url.get_backend_name() != "postgresql":
        raise HistoryError(
            f"a password in a storage's URL would be written down, so it is taken for postgresql only, got {shown}; "
            "let the database's own client find it elsewhere"
        )
    return shown, str(hidden)


def open_storage(location: str | Path) -> BaseStorage:
    """The storage behind a URL ("postgresql://...", "sqlite:///...") or a journal file's path.

    Raises:
      HistoryError: the file is no journal, or the file or database cannot be opened.
    """
    shown = split_password(str(location))[0]
    try:
        if isinstance(location, str) and "://" in location:
            return RDBStorage(location, engine_kwargs=_connection(location))
        return JournalStorage(JournalFile(Path(location)))
    except ImportError as error:
        raise HistoryError(
            f"{shown} needs a driver that is not installed ({error.__cause__ or error}); for Postgres: "
            "pip install 'chamnas[postgres]', and a URL that begins with postgresql+psycopg://"
        ) from error
    except OperationalError as error:
        cure = (
            "see that its folder is there and may be written"
            if shown.startswith("sqlite")
            else "see that its server runs there, and that user and password (~/.pgpass or PGPASSWORD) are right"
        )
        raise HistoryError(f"{shown} cannot be opened ({_reason(error)}); {cure}") from error
    except (ValueError, KeyError, TypeError, AssertionError, OSError, OptunaError, SQLAlchemyError) as error:
        raise HistoryError(
            f"{shown} is not a readable record ({_reason(error)}); {REPAIR}, give the storage that the run was "
            "started with, restore it from a copy, or start in an empty folder"
        ) from error


def _connection(location: str) -> dict[str, Any]:
    """Options of a database's connections, for SQLAlchemy."""
    url = make_url(location)
    if url.get_backend_name() == "sqlite":
        return {}
    # A trial takes hours, in which servers restart and firewalls forget: each use of a connection first tries it.
    options: dict[str, Any] = {"pool_pre_ping": True}
    if url.get_driver_name().startswith("psycopg") and "connect_timeout" not in url.query:
        options["connect_args"] = {"connect_timeout": CONNECT_S}  # else an address that is silent holds us for minutes
    return options


@contextmanager
def told() -> Iterator[None]:
    """A database's error as a sentence.

    Raises:
      HistoryError: in place of what the storage raises.
    """
    try:
        yield
    except HistoryError:
        raise
    except (OptunaError, SQLAlchemyError) as error:
        cure = REPAIR if _is_damage(error) else "see to its database"
        raise HistoryError(
            f"the record can be read or written no longer ({_reason(error)}); {cure}, then give the same "
            "command: it goes on from what is recorded"
        ) from error
    except (ValueError, LookupError, TypeError) as error:  # a row or a line that holds something else than it should
        raise HistoryError(f"the record holds what cannot be read ({_reason(error)}); {REPAIR}") from error


def _is_damage(error: Exception) -> bool:
    """Whether an SQLite file is damaged, rather than out of reach."""
    return any(word in _reason(error) for word in ("malformed", "not a database", "disk I/O error"))


def _reason(error: Exception) -> str:
    """What the database itself said, without the statement that Optuna or SQLAlchemy was about to make."""
    cause = error.__cause__ if isinstance(error, OptunaError) and error.__cause__ else error
    said = cause.orig if isinstance(cause, DBAPIError) else cause
    return " ".join(str(said).split()) or type(said).__name__
