"""Opening a record's storage: what cannot be opened is named with its cure, and no password is shown or kept."""

from pathlib import Path

import pytest

from nas.record.storage import HistoryError, open_storage, split_password


def test_a_corrupt_journal_is_named(tmp_path: Path) -> None:
    path = tmp_path / "study.journal"
    path.write_bytes(b"not a record\nof anything\n")
    with pytest.raises(HistoryError, match=r"study\.journal is not a readable record .*restore it from a copy"):
        open_storage(path)


def test_a_journal_in_no_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match=r"gone/study\.journal is not a readable record .*No such file"):
        open_storage(tmp_path / "gone" / "study.journal")


@pytest.mark.parametrize(
    ("url", "message"),
    [
        (
            "sqlite:////no/such/folder/study.db",
            r"study\.db cannot be opened \(unable to .*see that its folder is there",
        ),
        ("nonsense://host/study", r"nonsense://host/study is not a readable record"),
        ("mysql+nodriver://host/study", r"mysql.* is not a readable record"),
        (
            "postgresql+pg8000://host/study",
            r"host/study needs a driver that is not installed \(No module named 'pg8000'\); for Postgres: pip install",
        ),
    ],
)
def test_a_database_that_cannot_be_opened_is_named(url: str, message: str) -> None:
    with pytest.raises(HistoryError, match=message):
        open_storage(url)


@pytest.mark.parametrize(
    ("given", "kept", "password"),
    [
        (
            "postgresql://me:s3cret@db:5432/chamnas?sslmode=require",
            "postgresql://me@db:5432/chamnas?sslmode=require",
            "s3cret",
        ),
        ("postgresql+psycopg2://me:a%40b@db/x", "postgresql+psycopg2://me@db/x", "a@b"),
        ("postgresql://db/x?user=me&password=s3cret", "postgresql://db/x?user=me", "s3cret"),
        ("postgresql://me@db/x", "postgresql://me@db/x", None),
        ("sqlite:////tmp/study.db", "sqlite:////tmp/study.db", None),
        ("run/study.journal", "run/study.journal", None),
    ],
)
def test_a_password_is_taken_out_of_a_storages_url(given: str, kept: str, password: str | None) -> None:
    assert split_password(given) == (kept, password)


def test_a_password_that_would_have_to_be_written_down_is_refused() -> None:
    with pytest.raises(HistoryError, match="taken for postgresql only, got mysql://me@db/x; let the") as caught:
        split_password("mysql://me:s3cret@db/x")
    assert "s3cret" not in str(caught.value)


def test_an_error_shows_no_password() -> None:
    with pytest.raises(
        HistoryError, match=r"psycopg://me@127\.0\.0\.1:1/x cannot be opened .*refused.*; see that"
    ) as caught:
        open_storage("postgresql+psycopg://me:s3cret@127.0.0.1:1/x")
    assert "s3cret" not in str(caught.value)
