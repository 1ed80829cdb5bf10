"""Generations in SQLite files keep the contracts."""

from __future__ import annotations

from pathlib import Path

import pytest
from contract.database_contract import DatabaseContract
from contract.store_contract import StoreContract
from sqlalchemy import select

from newsroom_consumers.database.database import (
    DamagedDatabaseError,
    Database,
    DatabaseAwayError,
    SecondWorkerError,
    Session,
    answering,
)
from newsroom_consumers.database.sqlite import SqliteDatabase
from newsroom_consumers.store.generation import Generation
from newsroom_consumers.store.tables import EVENT


class TestSqlite(StoreContract):
    """The contract on SQLite."""

    @pytest.fixture
    def session(self, tmp_path: Path) -> Session:
        """Open an empty file."""
        return SqliteDatabase(tmp_path).session("main")


class TestSqliteDatabase(DatabaseContract):
    """The contract of a folder of SQLite files."""

    @pytest.fixture
    def database(self, tmp_path: Path) -> Database:
        """Open an empty folder."""
        return SqliteDatabase(tmp_path)

    def test_it_takes_one_worker(self, database: Database) -> None:
        with database.worker_lock("main"), pytest.raises(SecondWorkerError), database.worker_lock("main"):
            pass

    def test_a_full_disk_is_named_as_what_may_be_wrong(self, database: Database) -> None:
        full = pytest.raises(DatabaseAwayError, match="is its disk full")
        with full, answering("main"), database.session("main").begin() as connection:
            connection.exec_driver_sql("PRAGMA max_page_count = 2")
            connection.exec_driver_sql("CREATE TABLE story AS SELECT zeroblob(100000)")

    @pytest.mark.parametrize("kept", [0, 100])
    def test_a_file_that_is_damaged_is_named(self, tmp_path: Path, kept: int) -> None:
        database, file = SqliteDatabase(tmp_path), tmp_path / "main.sqlite"
        session = SqliteDatabase(file.parent).session(file.stem)
        Generation(session)
        session.close()
        for rest in ("-wal", "-shm"):
            file.with_name(f"main.sqlite{rest}").unlink(missing_ok=True)
        file.write_bytes(file.read_bytes()[:kept] + b"\xff" * 40_000)
        with pytest.raises(DamagedDatabaseError, match="main"), database.reading("main") as connection:
            connection.execute(select(EVENT)).all()
