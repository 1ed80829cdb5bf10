"""Generations in SQLite files keep the contracts."""

from __future__ import annotations

from pathlib import Path

import pytest
from contract.database_contract import DatabaseContract
from contract.store_contract import StoreContract
from sqlalchemy import Engine

from newsroom_consumers.store import sqlite
from newsroom_consumers.store.database import Database, SecondWorkerError
from newsroom_consumers.store.sqlite import SqliteDatabase


class TestSqlite(StoreContract):
    """The contract on SQLite."""

    @pytest.fixture
    def engine(self, tmp_path: Path) -> Engine:
        """Open an empty file."""
        return sqlite.writer(tmp_path / "main.sqlite")


class TestSqliteDatabase(DatabaseContract):
    """The contract of a folder of SQLite files."""

    @pytest.fixture
    def database(self, tmp_path: Path) -> Database:
        """Open an empty folder."""
        return SqliteDatabase(tmp_path)

    def test_it_takes_one_worker(self, database: Database) -> None:
        with database.alone("main"), pytest.raises(SecondWorkerError), database.alone("main"):
            pass
