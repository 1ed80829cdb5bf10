"""What every database promises to readers: which tables they see, that they change none, and where it says it is.

Each database's test subclasses ``DatabaseContract`` and provides an empty database in the fixture ``database``.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Table, delete, func, select, update
from sqlalchemy.exc import DBAPIError
from support import fold_model as make
from support.kit import TABLES, scan
from support.writing import Writer, records_of

from newsroom_consumers.control.control import Build, Control
from newsroom_consumers.database.database import Database, DatabaseAwayError, NoGenerationError
from newsroom_consumers.projections import public_names
from newsroom_consumers.projections.published import PUBLISHED
from newsroom_consumers.store.generation import Generation

PRIVATE_TABLES = [table for table in TABLES if table.name not in public_names()]
PUBLIC_TABLES = [table for table in TABLES if table.name in public_names()]
BUILD = Build(1, {"published": 1}, {"articles": 6})
STARTERS = 4
each_public = pytest.mark.parametrize("table", PUBLIC_TABLES, ids=str)
each_private = pytest.mark.parametrize("table", PRIVATE_TABLES, ids=str)
either_way = pytest.mark.parametrize("way", ["public", "reading"])


class DatabaseContract:
    """The contract of a database, to be subclassed with a fixture ``database`` that gives an empty one."""

    @pytest.fixture
    def generation(self, database: Database) -> Iterator[Generation]:
        """Open a generation in which one story is live and another one a draft."""
        session = database.session("main")
        generation = Generation(session)
        draft = make.created(article_id="draft", event_id="d1")
        Writer(generation).store(*records_of(make.created(), make.published(), draft))
        yield generation
        session.close()

    def test_where_there_is_no_generation_readers_are_told_where_none_is(self, database: Database) -> None:
        for opened in (database.reading("main"), database.public("main")):
            with pytest.raises(NoGenerationError) as error, opened:
                pass
            assert database.where("main") in str(error.value)
        assert Control(database).all() == []

    def test_engineers_see_every_table(self, database: Database, generation: Generation) -> None:
        assert generation.name == "main"
        with database.reading("main") as connection:
            assert {row[0] for row in scan(connection)["article"]} == {"storm", "draft"}

    @pytest.mark.usefixtures("generation")
    @each_public
    def test_readers_see_the_public_tables(self, database: Database, table: Table) -> None:
        with database.public("main") as connection:
            assert connection.scalar(select(func.count()).select_from(table)) == (
                table.name in {"published", "timeline"}
            )

    @pytest.mark.usefixtures("generation")
    @each_private
    def test_readers_do_not_see_the_private_tables(self, database: Database, table: Table) -> None:
        with pytest.raises(DBAPIError, match=r"prohibited|permission denied"), database.public("main") as connection:
            connection.execute(select(table))

    @pytest.mark.usefixtures("generation")
    @either_way
    def test_nobody_who_reads_can_change_anything(self, database: Database, way: str) -> None:
        for change in (delete(PUBLISHED), update(PUBLISHED).values(headline="")):
            with pytest.raises((DBAPIError, DatabaseAwayError)), getattr(database, way)("main") as connection:
                connection.execute(change)
        with database.public("main") as connection:
            assert connection.scalars(select(PUBLISHED.c.headline)).all() == [make.created().headline]

    @either_way
    def test_a_read_transaction_sees_one_moment(self, database: Database, generation: Generation, way: str) -> None:
        def seen() -> int:
            return len(connection.execute(select(PUBLISHED)).all())

        with getattr(database, way)("main") as connection:
            before = seen()
            late = make.created(article_id="late"), make.published(article_id="late")
            Writer(generation).store(*records_of(*late))
            assert (before, seen()) == (1, 1)

    def test_each_generation_is_read_apart(self, database: Database, generation: Generation) -> None:
        """Over and over by the same connections: nothing of one may be left when the other is read."""
        session = database.session("other")
        Generation(session)
        for _ in range(8):
            for name, stories in (("main", 1), (generation.name, 1), ("other", 0)):
                with database.public(name) as connection:
                    assert len(connection.execute(select(PUBLISHED)).all()) == stories
        session.close()

    def test_as_many_workers_as_it_takes_can_start_at_once_when_it_is_empty(self, database: Database) -> None:
        starters = STARTERS if database.many_workers else 1
        together = threading.Barrier(starters)

        def start(_: int) -> None:
            together.wait()
            Control(database).register("main", BUILD, now=0)
            session = database.session("main")
            Generation(session).cursors()
            session.close()

        with ThreadPoolExecutor(starters) as pool:
            list(pool.map(start, range(starters)))
        assert Control(database).live() == "main"
