"""Runs that several files of tests look at, and what Ray must find when it is imported."""

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.experiments.tiny import Orders
from tests.launch.commands import GRADED, Ended, Place, nas, place_at


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Place, Ended]]:
    """An undisturbed run, not to be changed."""
    place = place_at(tmp_path_factory.mktemp("finished"))
    yield place, nas(*place.search("--json"))


@pytest.fixture(scope="session")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A run with a failed trial and pictures of its finals, not to be changed."""
    place = place_at(tmp_path_factory.mktemp("graded"), Orders(fail=("search-4",)))
    ended = nas(*place.search("--trials", "8", experiment=GRADED))
    assert ended.code == 0, ended.err
    return place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return place_at(tmp_path)


@pytest.fixture(scope="module")
def ray_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """For a cluster on this machine: a token of our own, and every port on loopback; the file that holds the token."""
    token = tmp_path_factory.mktemp("token") / "auth_token"
    token.write_text(secrets.token_hex(32))
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("RAY_")]:
            patch.delenv(name)
        patch.setenv("RAY_AUTH_MODE", "token")
        patch.setenv("RAY_AUTH_TOKEN_PATH", str(token))
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
        patch.setenv("RAY_prestart_worker_first_driver", "0")  # ours have an environment of their own: these would idle
        from ray._private.authentication_test_utils import reset_auth_token_state

        reset_auth_token_state()  # an earlier test's Ray in this process may have read another
        yield token
    reset_auth_token_state()
