"""Whatever one row of a generation is changed to, its table's digest changes and the comparison names the article."""

from __future__ import annotations

import itertools
import shutil
import sqlite3
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Table
from support import fold_model as make
from support.batches import fold
from support.record_strategies import TOPIC, numbered, record_of, records
from support.strategies import unhurried
from support.writing import records_of

from newsroom_consumers.compare import changes
from newsroom_consumers.compare.compare import (
    Comparison,
    CursorsDifferError,
    Side,
    compare_common,
    compare_equal,
    compare_rows,
)
from newsroom_consumers.database.sqlite import SqliteDatabase
from newsroom_consumers.log.record import Record
from newsroom_consumers.store.digests import columns, digests, scan
from newsroom_consumers.store.tables import all_tables
from newsroom_schemas.errors import Kind
from newsroom_schemas.events import AnyEvent

FAR = 1_000_003
"""Added to a number, it gives one that no row has."""


class Hand(NamedTuple):
    """What somebody does to one row of a generation."""

    table: Table
    row: tuple[Any, ...]
    act: str
    """``delete``, ``insert``, or the name of the column to change."""

    @property
    def named(self) -> dict[str, Any]:
        """The row by the names of its columns."""
        return dict(zip((column.name for column in columns(self.table)), self.row, strict=True))

    def do(self, file: Path) -> None:
        """Do it to a file, past every index that would refuse it."""
        key = [column.name for column in self.table.primary_key]
        where = " AND ".join(f'"{name}" IS ?' for name in key)
        place = [self.named[name] for name in key]
        with closing(sqlite3.connect(file)) as connection, connection:
            for (index,) in connection.execute(
                "SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
            ).fetchall():
                connection.execute(f"DROP INDEX {index}")
            if self.act == "delete":
                connection.execute(f"DELETE FROM {self.table.name} WHERE {where}", place)  # noqa: S608
            elif self.act == "insert":
                kept = connection.execute(f"SELECT * FROM {self.table.name} WHERE {where}", place).fetchone()  # noqa: S608
                row = [*kept[: len(key) - 1], other(kept[len(key) - 1]), *kept[len(key) :]]
                marks = ", ".join("?" * len(row))
                connection.execute(f"INSERT INTO {self.table.name} VALUES ({marks})", row)  # noqa: S608
            else:
                change = f'UPDATE {self.table.name} SET "{self.act}" = ? WHERE {where}'  # noqa: S608
                connection.execute(change, [other(self.named[self.act]), *place])


def other(value: Any) -> Any:
    """Return another value of the same type, or one in place of none."""
    match value:
        case None:
            return ""
        case int():
            return value + FAR
        case str():
            return value + "x"
    return value + b"\0"


@contextmanager
def open_sides(a: SqliteDatabase, b: SqliteDatabase) -> Iterator[tuple[Side, Side]]:
    """Open the generations of two folders."""
    with a.auditing("main") as of_a, b.auditing("main") as of_b:
        yield Side("a", of_a), Side("b", of_b)


def names(found: Comparison, hand: Hand) -> bool:
    """Return whether a comparison names what was changed: the article, the tag, the record or the partition."""
    row, differences = hand.named, found.differences
    if row.get("article_id"):
        return not {row["article_id"], row["article_id"] + "x"}.isdisjoint(differences.article_ids)
    if hand.table.name == "tag":
        return row["tag_id"] in {each.tag_id.removesuffix("x") for each in differences.catalogue}
    if hand.table.name == "cursor":
        return row["topic"] in {each.topic.removesuffix("x") for each in differences.cursors}
    return row["offset"] in {each.offset % FAR for each in [*differences.events, *differences.parked]}


@settings(unhurried, max_examples=40)
@given(records(), st.data())
def test_any_change_of_one_row_changes_the_digest_of_its_table_and_is_named(log: list[Record], data: Any) -> None:
    with TemporaryDirectory() as folder:
        sound, touched = (SqliteDatabase(Path(folder) / name) for name in ("sound", "touched"))
        fold(log, sound, [500])
        with sound.auditing("main") as connection:
            rows = {table: list(scan(connection, table)) for table in all_tables()}
        table = data.draw(st.sampled_from([table for table in all_tables() if rows[table]]), label="table")
        acts = ["delete", "insert", *(column.name for column in columns(table))]
        hand = Hand(table, data.draw(st.sampled_from(rows[table])), data.draw(st.sampled_from(acts)))
        touched.file("main").parent.mkdir()
        shutil.copy(sound.file("main"), touched.file("main"))
        hand.do(touched.file("main"))
        with open_sides(sound, touched) as (a, b):
            before, after = digests(a.connection), digests(b.connection)
            found = compare_rows(a, b)
        assert {name for name in before if before[name] != after[name]} == {table.name}
        assert not found.equal
        assert names(found, hand), (hand, found.differences)


@pytest.fixture
def folded(tmp_path: Path) -> Callable[..., SqliteDatabase]:
    """Fold events into a folder of its own."""
    numbers = itertools.count()

    def into(*events: AnyEvent) -> SqliteDatabase:
        database = SqliteDatabase(tmp_path / str(next(numbers)))
        fold(numbered(records_of(*events), set()), database, [500])
        return database

    return into


def story(article_id: str, *events: Callable[..., AnyEvent], **fields: Any) -> list[AnyEvent]:
    """Create an article, and do something to it."""
    named = {"article_id": article_id}
    return [make.created(**named, **fields), *(event(**named) for event in events)]


@pytest.fixture
def differing(folded: Callable[..., SqliteDatabase]) -> Comparison:
    """Compare two logs whose seven stories and one tag differ in every way that has a name."""
    edited = partial(make.edited, lead="x")
    later = partial(make.published, published_at=make.NOON - make.MINUTE)
    a = folded(
        *story("vanishing", make.published),
        *story("appearing", edited),
        *story("withdrawn", make.published, edited),
        *story("restored", make.published, make.unpublished),
        *story("changed", make.published, headline="One", tags=("t1", "t2")),
        *story("moved", make.published),
        *story("draft", edited),
        make.defined("t1", en="War"),
    )
    b = folded(
        *story("vanishing", edited),
        *story("appearing", make.published),
        *story("withdrawn", make.published, make.unpublished),
        *story("restored", make.published, edited),
        *story("changed", make.published, headline="Two", tags=("t2", "t3")),
        *story("moved", later),
        *story("draft", partial(make.edited, lead="y")),
        make.defined("t1", en="Peace"),
    )
    with open_sides(a, b) as sides:
        return compare_equal(*sides)


def test_articles_that_differ_are_named_as_people_know_them(differing: Comparison) -> None:
    changes = {(each.article_id, each.change) for each in differing.differences.articles if each.language == "uk"}
    assert changes == {
        ("vanishing", "vanishes"),
        ("appearing", "appears"),
        ("withdrawn", "is withdrawn"),
        ("restored", "is restored"),
        ("changed", "changes"),
        ("moved", "changes"),
        ("draft", "changes behind the scenes"),
    }


def test_tag_pages_that_differ_are_named(differing: Comparison) -> None:
    assert [
        (each.tag_id, each.gained, each.lost, [one.article_id for one in each.changed])
        for each in differing.differences.tags
    ] == [
        ("t1", [], ["changed"], []),
        ("t2", [], [], ["changed"]),
        ("t3", ["changed"], [], []),
    ]


def test_entries_of_a_timeline_that_differ_are_named(differing: Comparison) -> None:
    (uk,) = differing.differences.timelines
    assert (uk.gained, uk.lost) == (["appearing", "restored"], ["vanishing", "withdrawn"])
    assert [one.article_id for one in uk.moved] == ["moved"]
    assert uk.moved[0].fields["first_published_at"] == {
        "a": "2025-02-07T12:00:00.000000Z",
        "b": "2025-02-07T11:59:00.000000Z",
    }
    assert uk.changed[0].fields == {"headline": {"a": "One", "b": "Two"}}


def test_tags_of_the_catalogue_and_events_that_differ_are_named(differing: Comparison) -> None:
    assert [each.tag_id for each in differing.differences.catalogue] == ["t1"]
    assert {(each.article_id, each.a, each.b) for each in differing.differences.events} >= {
        ("vanishing", "applied", "applied")
    }


def test_a_sentence_sums_up_what_differs(differing: Comparison) -> None:
    assert differing.summary.startswith(
        "1 article vanishes, 1 article appears, 1 article is withdrawn, 1 article is restored, 2 articles change, "
    )
    assert "3 tag pages change, 6 timeline entries change, 1 tag of the catalogue changes" in differing.summary


def test_a_byte_that_moves_from_one_column_to_the_next_changes_the_digest(
    folded: Callable[..., SqliteDatabase],
) -> None:
    sound, touched = (folded(*story("storm", make.published)) for _ in range(2))
    with closing(sqlite3.connect(touched.file("main"))) as connection, connection:
        connection.execute("UPDATE published SET slug = 'stor', headline = 'mStorm'")
    with open_sides(sound, touched) as (a, b):
        assert digests(a.connection)["published"] != digests(b.connection)["published"]


def test_a_row_of_bytes_that_are_no_text_or_of_another_type_is_named(folded: Callable[..., SqliteDatabase]) -> None:
    sound, touched = (folded(*story("storm", make.published)) for _ in range(2))
    with closing(sqlite3.connect(touched.file("main"))) as connection, connection:
        connection.execute("UPDATE published SET headline = CAST(x'ff41' AS TEXT), blocks = 'text', updated_at = 1.5")
        connection.execute("UPDATE published SET first_published_at = 9000000000000000000")
    with open_sides(sound, touched) as (a, b):
        (page,) = compare_rows(a, b).differences.articles
    assert {name: each["b"] for name, each in page.rows[0].fields.items()} == {
        "headline": "\N{REPLACEMENT CHARACTER}A",
        "blocks": "text",
        "updated_at": 1.5,
        "first_published_at": 9_000_000_000_000_000_000,
    }


def test_a_generation_that_is_further_is_not_compared_but_for_what_both_hold_whole(
    folded: Callable[..., SqliteDatabase],
) -> None:
    a = folded(*story("storm", make.published), *story("rain", make.published))
    b = folded(*story("storm", make.published), *story("rain", make.published, make.unpublished))
    at = record_of(make.created(article_id="rain", event_id=str(uuid.uuid4()))).partition
    with open_sides(a, b) as sides:
        with pytest.raises(CursorsDifferError, match=f"{TOPIC}/{at}: 2 and 3") as refused:
            compare_equal(*sides)
        common = compare_common(*sides)
    assert refused.value.kind is Kind.UNDECIDED
    assert (common.equal, common.left_out, common.summary) == (True, 1, "no row differs")


def test_a_difference_in_what_both_hold_whole_is_found_however_far_each_has_come(
    folded: Callable[..., SqliteDatabase],
) -> None:
    a = folded(*story("storm", make.published), *story("rain"))
    b = folded(*story("storm", make.published, headline="Gale"), *story("rain", make.published))
    with open_sides(a, b) as sides:
        common = compare_common(*sides)
    assert (common.equal, common.differences.article_ids, common.left_out) == (False, ["storm"], 1)


def test_records_beyond_so_many_are_counted_and_not_listed(
    folded: Callable[..., SqliteDatabase], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "KEPT", 1)
    a, b = (folded(*story("storm", make.published, headline=headline)) for headline in ("Storm", "Gale"))
    with closing(sqlite3.connect(b.file("main"))) as connection, connection:
        connection.execute("UPDATE event SET outcome = 'rejected'")
    with open_sides(a, b) as sides:
        found = compare_rows(*sides).differences
    assert (found.counts["event"], len(found.events)) == (2, 1)


def test_a_generation_that_has_folded_less_of_one_partition_is_not_equal(folded: Callable[..., SqliteDatabase]) -> None:
    a, b = folded(*story("storm")), folded(*story("storm"), make.defined("t1"))
    with open_sides(a, b) as sides, pytest.raises(CursorsDifferError, match=r"newsroom\.tags/0: 0 and 1"):
        compare_equal(*sides)
