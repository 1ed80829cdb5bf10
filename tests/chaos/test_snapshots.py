"""Snapshots keep what was, are few in the middle of the storm, and do without a database that is away."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path

import pytest
from chaos.planted import move, plant
from chaos.snapshots import Snapshots
from rich.console import Console
from sqlalchemy import Connection
from support.record_strategies import TOPIC

from newsroom_consumers.control.control import Control
from newsroom_consumers.database.database import DatabaseAwayError
from newsroom_consumers.database.sqlite import SqliteDatabase
from newsroom_consumers.log.record import Partition

SECONDS = 600.0


@pytest.fixture
def control(tmp_path: Path) -> Control:
    """Make a live generation and another one."""
    control = Control(SqliteDatabase(tmp_path / "generations"))
    plant(control, "main", 0)
    plant(control, "old", 5)
    return control


@pytest.fixture
def console() -> Console:
    """Keep what is printed."""
    return Console(file=StringIO(), record=True, width=200)


def positions(snapshots: Snapshots) -> list[int]:
    """Return where the first partition stood in each."""
    return [held.cursors[Partition(TOPIC, 0)] for held in snapshots]


def test_a_generation_that_is_dropped_is_judged_as_it_was(control: Control, tmp_path: Path, console: Console) -> None:
    snapshots = Snapshots(control.database, tmp_path, SECONDS, console)
    kept = snapshots.keep("old")
    control.drop("old")
    assert list(snapshots) == [kept]
    assert kept.cursors == {Partition(TOPIC, 0): 5}


def test_the_live_one_is_judged_as_it_was_and_not_as_one_that_has_to_be_at_the_end(
    control: Control, tmp_path: Path, console: Console
) -> None:
    snapshots = Snapshots(control.database, tmp_path, SECONDS, console)
    snapshots.pass_by()
    move(control, "main", 7)
    snapshots.keep("main", live=True)
    assert positions(snapshots) == [0, 7]
    assert [held.live for held in snapshots] == [False, True]
    assert "checking 2 of 2: main …" in console.export_text()


def test_a_long_storm_leaves_few_snapshots_from_its_whole_length(
    control: Control, tmp_path: Path, console: Console
) -> None:
    snapshots = Snapshots(control.database, tmp_path, SECONDS, console)
    seconds = 0.0
    while seconds < SECONDS:
        seconds += snapshots.pass_by()
        move(control, "main", int(seconds))
    assert positions(snapshots) == [0, 160, 320, 480]
    assert len(list(tmp_path.glob("held-*"))) == len(snapshots)


class Away(SqliteDatabase):
    """A database that goes away while it is read."""

    @contextmanager
    def auditing(self, name: str) -> Iterator[Connection]:
        """Open a generation, and lose it."""
        with self.reading(name) as connection:
            yield connection
            raise DatabaseAwayError(name, "planted")


def test_a_look_at_a_database_that_goes_away_is_left_out_and_soon_taken_again(
    control: Control, tmp_path: Path, console: Console
) -> None:
    away = Snapshots(Away(tmp_path / "generations"), tmp_path, SECONDS, console)
    assert away.pass_by() < Snapshots(control.database, tmp_path, SECONDS, console).pass_by()
    assert list(away) == []


def test_a_look_where_there_is_no_generation_is_left_out(tmp_path: Path, console: Console) -> None:
    nowhere = Snapshots(SqliteDatabase(tmp_path / "nowhere"), tmp_path, SECONDS, console)
    nowhere.pass_by()
    assert list(nowhere) == []
