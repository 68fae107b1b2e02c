"""Postgres as the study's storage, on a real server that each run of these tests makes and ends."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from optuna.storages import BaseStorage, RDBStorage

from nas.record.storage import HistoryError, open_storage
from tests.experiments.tiny import Orders, trained
from tests.launch.commands import Ended, Place, nas_alone, place_at, start
from tests.launch.test_cut_short import wait_for_job
from tests.waiting import until

PASSWORD = "s3cret-and-long"
INITDB = shutil.which("initdb") or next((str(p) for p in sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))), "")

pytestmark = [
    pytest.mark.slow,  # whole searches
    pytest.mark.skipif(not INITDB, reason="Postgres is not installed here: no initdb"),
]


@dataclass(slots=True)
class Server:
    """A Postgres on loopback, owned by someone who is not root: Postgres insists."""

    folder: Path
    owner: str | None
    port: int
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def url(self, password: str | None = PASSWORD) -> str:
        secret = "" if password is None else f":{password}"
        return f"postgresql+psycopg://search{secret}@127.0.0.1:{self.port}/postgres"

    def make(self) -> None:
        secret = self.folder / "password"
        secret.write_text(PASSWORD)
        command = [
            INITDB, "-D", str(self.folder / "data"), "-U", "search", "-A", "scram-sha-256", "--pwfile", str(secret),
            "-E", "UTF8", "--no-locale", "--no-sync",
        ]  # fmt: skip
        if self.owner:
            for path in (self.folder, secret):
                shutil.chown(path, self.owner)
        subprocess.run(command, user=self.owner, cwd="/", check=True, capture_output=True)

    def start(self) -> None:
        command = [
            str(Path(INITDB).resolve().with_name("postgres")), "-D", str(self.folder / "data"), "-p", str(self.port),
            "-h", "127.0.0.1", "-k", str(self.folder), "-c", "fsync=off",
        ]  # fmt: skip
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, user=self.owner, cwd="/", stdout=log, stderr=log)
        server, log_file = self.process, self.folder / "log"
        until(self._answers, what=f"a Postgres ({log_file})", alive=lambda: server.poll() is None)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """SIGINT ends every connection and then the server; SIGQUIT is a crash."""
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait()
            self.process = None

    def _answers(self) -> bool:
        import psycopg

        try:
            psycopg.connect(self.url().replace("+psycopg", "")).close()
        except psycopg.OperationalError:  # it is starting, or recovering
            return False
        return True


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    # Not in pytest's folder: that is root's alone, and Postgres' owner could not enter it.
    with tempfile.TemporaryDirectory(prefix="postgres-") as folder, socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        server = Server(Path(folder), "postgres" if os.getuid() == 0 else None, held.getsockname()[1])
        held.close()
        server.make()
        server.start()
        yield server
        server.stop()


@pytest.fixture
def password(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a user leaves it for every verb."""
    monkeypatch.setenv("PGPASSWORD", PASSWORD)


@pytest.fixture(autouse=True)
def disconnected(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whatever record a test opens in this process, its connections are closed afterwards."""
    storages: list[BaseStorage] = []

    def opened(location: str | Path) -> BaseStorage:
        storages.append(open_storage(location))
        return storages[-1]

    monkeypatch.setattr("launch.session.session.open_storage", opened)
    yield
    for storage in storages:
        if isinstance(storage, RDBStorage):
            storage.engine.dispose()


def on(server: Server, place: Place, *options: str, password: str | None = PASSWORD) -> list[str]:
    return place.search("--storage", server.url(password), *options)


def test_a_search_that_is_killed_goes_on_and_equals_one_with_a_journal_and_its_password_is_nowhere(
    finished: tuple[Place, Ended], server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut_short = ("search-4", "final-1")
    place = place_at(tmp_path, Orders(kill_once=cut_short))
    ended = [nas_alone(*on(server, place)) for _ in range(3)]
    assert [one.code for one in ended] == [-signal.SIGKILL, -signal.SIGKILL, 0], ended[-1].err
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert place.run.settings_file in written and not place.run.journal.exists()
    assert [path for path in written if PASSWORD.encode() in path.read_bytes()] == []
    assert not any(PASSWORD in one.out + one.err for one in ended)
    assert server.url(None) in place.run.settings_file.read_text()

    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    assert nas_alone("status", str(place.run.path), "--json").record["finished"] is True
    undisturbed, _ = finished
    assert place.trials() == undisturbed.trials()
    assert place.run.read_json(place.run.winner) == undisturbed.run.read_json(undisturbed.run.winner)
    begun = trained(place.orders)
    assert {name: begun.count(name) for name in begun} == {
        name: 2 if name in cut_short else 1 for name in trained(undisturbed.orders)
    }


def test_one_driver_at_a_time_and_a_server_that_restarts_meanwhile_is_found_again(
    server: Server, tmp_path: Path, password: None
) -> None:
    place = place_at(tmp_path, Orders(hold=("search-2",)))
    command = on(server, place, "--trials", "5", password=None)
    driver = start(*command)
    try:
        wait_for_job("search-2", place, driver)
        second = nas_alone(*command)
        assert second.code == 2 and f"is held by process {driver.pid} on " in second.err
        server.stop(signal.SIGQUIT)
        server.start()
    finally:
        (place.orders / "release").touch()
        _, err = driver.communicate()
    assert driver.returncode == 0, err
    assert {trial.state for trial in place.trials()} == {"complete"}


def test_a_server_that_is_gone_ends_the_driver_with_a_sentence_and_the_command_continues(
    server: Server, tmp_path: Path, password: None
) -> None:
    place = place_at(tmp_path, Orders(hold=("search-2",)))
    command = on(server, place, "--trials", "5", password=None)
    driver = start(*command)
    try:
        wait_for_job("search-2", place, driver)
        server.stop(signal.SIGQUIT)
        (place.orders / "release").touch()
        _, err = driver.communicate()
        dead = nas_alone(*command)
    finally:
        driver.kill()
        server.start()
    assert driver.returncode == 2 and "Traceback" not in err
    assert "error: the record can be read or written no longer (" in err and "Connection refused" in err
    assert err.endswith("give the same command: it goes on from what is recorded\n")
    assert dead.code == 2 and "Traceback" not in dead.err
    assert f"error: {server.url(None)} cannot be opened (" in dead.err and "Connection refused" in dead.err
    again = nas_alone(*command)
    assert again.code == 0, again.err
    begun = trained(place.orders)
    assert [name for name in begun if begun.count(name) > 1] == ["search-2", "search-2"]


def test_a_wrong_password_is_refused_before_anything_is_trained(server: Server, place: Place) -> None:
    refused = nas_alone(*on(server, place, password="wr0ng"))
    assert refused.code == 2 and "Traceback" not in refused.err
    assert f"error: {server.url(None)} cannot be opened (" in refused.err
    assert 'password authentication failed for user "search"' in refused.err
    assert (
        "see that its server runs there, and that user and password (~/.pgpass or PGPASSWORD) are right" in refused.err
    )
    assert "wr0ng" not in refused.err and trained(place.orders) == []
    corrected = nas_alone(*on(server, place, "--trials", "5"))
    assert corrected.code == 0, corrected.err


def test_a_database_that_does_not_exist_is_named(server: Server, password: None) -> None:
    with pytest.raises(HistoryError, match=r'cannot be opened .*database "nowhere" does not exist'):
        open_storage(server.url(None).replace("/postgres", "/nowhere"))
