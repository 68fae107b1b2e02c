"""Records on every kind of storage."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from optuna.storages import BaseStorage, RDBStorage

from nas.record.storage import open_storage


@pytest.fixture(params=["journal", "sqlite"])
def location(request: pytest.FixtureRequest, tmp_path: Path) -> str | Path:
    return tmp_path / "study.journal" if request.param == "journal" else f"sqlite:///{tmp_path}/study.db"


@pytest.fixture
def storage(location: str | Path) -> Iterator[BaseStorage]:
    storage = open_storage(location)
    yield storage
    if isinstance(storage, RDBStorage):
        storage.engine.dispose()
