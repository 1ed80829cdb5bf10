"""A projection is added by one line in ``PROJECTIONS``, and is found wherever projections are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import MetaData, Table, select
from support.batches import fold
from support.fold_model import created, published
from support.writing import records_of

from newsroom_consumers.compare.compare import Comparison, Side, compare_equal
from newsroom_consumers.control.build import this_build
from newsroom_consumers.database.sqlite import SqliteDatabase
from newsroom_consumers.projections import PROJECTIONS, Row
from newsroom_consumers.projections.columns import text
from newsroom_consumers.store.digests import digests, row_counts
from newsroom_schemas.fold.state import Page, Publication

ADDRESS = Table("address", MetaData(), text("article_id", key=True), text("language", key=True), text("slug"))


class Addresses:
    """Where each live edition lies: a projection of one table that declares no subject."""

    VERSION = 7
    TABLES: tuple[Table, ...] = (ADDRESS,)

    def rows(self, page: Page) -> Iterator[Row]:
        """Return the edition's row while it is live."""
        if isinstance(page, Publication):
            yield ADDRESS, (page.article_id, page.language, page.texts.slug)


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SqliteDatabase:
    """Add the projection, and fold two published articles into the generations ``main`` and ``other``."""
    monkeypatch.setitem(PROJECTIONS, "addresses", Addresses())
    ids = ("storm", "flood")
    log = records_of(*(event for id_ in ids for event in (created(article_id=id_), published(article_id=id_))))
    database = SqliteDatabase(tmp_path)
    for name in ("main", "other"):
        fold(log, database, [10], name)
    return database


def compared(database: SqliteDatabase, change: str) -> Comparison:
    """Change rows of one generation by hand, and compare the two."""
    with database.session("other") as session, session.begin() as connection:
        connection.exec_driver_sql(change)
    with database.auditing("main") as main, database.auditing("other") as other:
        return compare_equal(Side("main", main), Side("other", other))


def test_readers_see_the_rows_that_a_fold_has_written(database: SqliteDatabase) -> None:
    with database.public("main") as connection:
        rows = connection.execute(select(ADDRESS.c.article_id, ADDRESS.c.language).order_by(ADDRESS.c.article_id)).all()
    assert rows == [("flood", "uk"), ("storm", "uk")]


def test_its_rows_are_counted_and_have_a_digest(database: SqliteDatabase) -> None:
    with database.auditing("main") as connection:
        assert row_counts(connection)["address"] == 2
        assert "address" in digests(connection)


@pytest.mark.usefixtures("database")
def test_its_version_is_one_of_the_build() -> None:
    assert this_build({}).projection_versions["addresses"] == 7


def test_a_row_that_differs_is_named_as_one_of_its_table(database: SqliteDatabase) -> None:
    found = compared(database, "UPDATE address SET slug = 'elsewhere' WHERE article_id = 'storm'")
    assert found.summary == "1 row of address differs"
    assert (found.differences.article_ids, found.differences.counts) == (["storm"], {"address": 1})


def test_rows_that_differ_are_counted(database: SqliteDatabase) -> None:
    assert compared(database, "UPDATE address SET slug = 'elsewhere'").summary == "2 rows of address differ"
