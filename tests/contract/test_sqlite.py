"""A generation in an SQLite file keeps the contract."""

from __future__ import annotations

from pathlib import Path

import pytest
from contract.store_contract import StoreContract
from sqlalchemy import Engine

from newsroom_consumers.store import sqlite


class TestSqlite(StoreContract):
    """The contract on SQLite."""

    @pytest.fixture
    def engine(self, tmp_path: Path) -> Engine:
        """Open an empty file."""
        return sqlite.writer(tmp_path / "main.sqlite")
