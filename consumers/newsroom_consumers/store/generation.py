"""A generation: everything derived from the log by one build, and the one transaction that moves it.

Every batch commits rows and cursors together, so each event takes effect exactly once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec
from sqlalchemy import BindParameter, Connection, Engine, bindparam, insert, select, update
from sqlalchemy.exc import OperationalError

from newsroom_consumers.folding import Aggregate, Folded
from newsroom_consumers.projections import PROJECTIONS, Projection, published, tags, timeline
from newsroom_consumers.reads import CATALOGUE
from newsroom_consumers.records import CHAIN_START, Partition
from newsroom_consumers.store import rows, states, tables
from newsroom_consumers.store.database import DatabaseAwayError, Rows
from newsroom_consumers.store.sqlite import SqliteRows
from newsroom_schemas.errors import NewsroomError
from newsroom_schemas.state import Edition

METADATA = (tables.METADATA, published.METADATA, tags.METADATA, timeline.METADATA)
"""Every table of a generation."""
_LOAD = 500
"""Articles to load with one statement; PostgreSQL plans longer lists badly, SQLite takes 32,766 values."""

_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_ARTICLES = select(tables.ARTICLE).where(tables.ARTICLE.c.article_id.in_(_IDS))
_EDITIONS = select(tables.EDITION).where(tables.EDITION.c.article_id.in_(_IDS))
_DECIDED = select(tables.EVENT.c.article_id, tables.EVENT.c.event_id, tables.EVENT.c.value_sha).where(
    tables.EVENT.c.article_id.in_(_IDS), tables.EVENT.c.decided == 1
)
_PARKED = select(tables.PARKED.c.article_id).where(tables.PARKED.c.article_id.in_(_IDS)).distinct()
_MOVE = update(tables.CURSOR).where(
    tables.CURSOR.c.topic == bindparam("of_topic"),
    tables.CURSOR.c.partition == bindparam("of_partition"),
    tables.CURSOR.c.epoch == bindparam("mine"),
    tables.CURSOR.c.next_offset == bindparam("held"),
)


class Cursor(msgspec.Struct, frozen=True, kw_only=True):
    """How far a generation has folded one partition, and the seal of what it has folded."""

    topic: str
    partition: int
    next_offset: int = 0
    last_offset: int | None = None
    last: bytes | None = None
    """Hash of the last record folded."""
    chain: bytes = CHAIN_START
    epoch: int = 0
    """Raised by every worker that takes the partition; a worker of an older one is fenced."""
    owner: str | None = None


class FencedError(NewsroomError):
    """Another worker has taken the partition; what this one wanted to write is void."""

    def __init__(self, partition: Partition) -> None:
        """Name the partition."""
        super().__init__(f"{partition.topic}/{partition.partition} has been taken by another worker")
        self.partition = partition


_Step = Callable[[Connection, Sequence[tuple[Cursor, Cursor]], Folded], None]


class Generation:
    """One generation, open for writing."""

    def __init__(self, engine: Engine, name: str, projections: Mapping[str, Projection] = PROJECTIONS) -> None:
        """Take the engine of the generation's database and its name; makes the tables that are missing."""
        self.name = name
        self._engine = engine
        self._projections = projections
        for metadata in METADATA:
            metadata.create_all(engine)
        self._rows: Rows = SqliteRows([table for metadata in METADATA for table in metadata.sorted_tables])

    def cursors(self) -> dict[Partition, Cursor]:
        """Give the cursor of every partition that has one."""
        with self._transaction() as connection:
            found = connection.execute(select(tables.CURSOR)).mappings().all()
        return {Partition(row["topic"], row["partition"]): Cursor(**row) for row in found}

    def cursor(self, partition: Partition) -> Cursor:
        """Give the cursor of a partition; one at the start where there is none yet."""
        return self.cursors().get(partition, Cursor(topic=partition.topic, partition=partition.partition))

    def take(self, cursor: Cursor, owner: str) -> Cursor:
        """Take a partition: raise its epoch, which fences every earlier owner, and give the cursor as it now stands."""
        columns = tables.CURSOR.c
        key = (columns.topic == cursor.topic, columns.partition == cursor.partition)
        with self._transaction() as connection:
            if connection.execute(select(columns.epoch).where(*key)).first() is None:
                connection.execute(insert(tables.CURSOR).values(msgspec.structs.asdict(cursor)))
            connection.execute(update(tables.CURSOR).where(*key).values(epoch=columns.epoch + 1, owner=owner))
            return Cursor(**connection.execute(select(tables.CURSOR).where(*key)).mappings().one())

    def load(self, ids: Iterable[str]) -> dict[str, Aggregate]:
        """Load what the generation knows of these articles (or ``CATALOGUE``), known or not."""
        wanted = sorted(ids)
        found = {id_: Aggregate(id=id_, decided={}) for id_ in wanted}
        with self._transaction() as connection:
            if CATALOGUE in found:
                found[CATALOGUE].catalogue = tags.catalogue(connection)
            for start in range(0, len(wanted), _LOAD):
                self._load(connection, wanted[start : start + _LOAD], found)
        return found

    def commit(self, moves: Sequence[tuple[Cursor, Cursor]], folded: Folded) -> None:
        """Store a batch in one transaction: first the cursors, from what they were to what they are, then all rows.

        Raises ``FencedError`` when another worker has taken one of the partitions; nothing is stored then.
        """
        with self._transaction() as connection:
            for step in self.steps():
                step(connection, moves, folded)
        for aggregate in folded.changed.values():
            aggregate.stored = aggregate.article

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        try:
            with self._engine.begin() as connection:
                yield connection
        except OperationalError as error:
            raise DatabaseAwayError(self.name, str(error.orig)) from error

    def steps(self) -> tuple[_Step, ...]:
        """Give the steps of the transaction, in order."""
        return (self._move_cursors, self._save_states, self._save_events, self._save_pages, self._save_tags)

    def _move_cursors(self, connection: Connection, moves: Sequence[tuple[Cursor, Cursor]], _: Folded) -> None:
        for held, moved in moves:
            result = connection.execute(
                _MOVE,
                {
                    "of_topic": held.topic,
                    "of_partition": held.partition,
                    "mine": held.epoch,
                    "held": held.next_offset,
                    "next_offset": moved.next_offset,
                    "last_offset": moved.last_offset,
                    "last": moved.last,
                    "chain": moved.chain,
                },
            )
            if result.rowcount == 0:
                raise FencedError(Partition(held.topic, held.partition))

    def _save_states(self, connection: Connection, _: object, folded: Folded) -> None:
        changed = [(each, each.article) for each in folded.changed.values() if each.article is not None]
        articles = [states.article_row(article, each.last_offset) for each, article in changed]
        editions = [
            states.edition_row(article.article_id, language, edition)
            for each, article in changed
            for language, edition in article.editions.items()
            if edition is not _stored_edition(each, language)
        ]
        self._rows.upsert(connection, tables.ARTICLE, articles)
        self._rows.upsert(connection, tables.EDITION, editions)

    def _save_events(self, connection: Connection, _: object, folded: Folded) -> None:
        self._rows.insert(connection, tables.EVENT, [rows.event_row(*pair) for pair in folded.outcomes])
        self._rows.insert(connection, tables.PARKED, [rows.parked_row(*parked) for parked in folded.parked])

    def _save_pages(self, connection: Connection, _: object, folded: Folded) -> None:
        made: defaultdict[str, list[tuple[Any, ...]]] = defaultdict(list)
        for page in folded.pages.values():
            for table, row in page:
                made[table.name].append(row)
        replaced = sorted(folded.replaced)
        for projection in self._projections.values():
            for table in projection.TABLES:
                self._rows.delete_editions(connection, table, replaced)
                self._rows.insert(connection, table, made[table.name])

    def _save_tags(self, connection: Connection, _: object, folded: Folded) -> None:
        self._rows.upsert(connection, tags.TAG, [tags.catalogue_row(tag) for tag in folded.tags.values()])

    def _load(self, connection: Connection, ids: Sequence[str], found: Mapping[str, Aggregate]) -> None:
        editions: defaultdict[str, dict[str, Edition]] = defaultdict(dict)
        for row in connection.execute(_EDITIONS, {"ids": ids}):
            editions[row.article_id][row.language] = states.edition_of(row)
        for row in connection.execute(_ARTICLES, {"ids": ids}):
            aggregate = found[row.article_id]
            aggregate.article = aggregate.stored = states.article_of(row, editions[row.article_id])
            aggregate.last_offset = row.last_offset
        for article_id, event_id, value_sha in connection.execute(_DECIDED, {"ids": ids}):
            found[article_id].decided[event_id] = bytes(value_sha)
        for article_id in connection.scalars(_PARKED, {"ids": ids}):
            found[article_id].parked = True


def _stored_edition(aggregate: Aggregate, language: str) -> Edition | None:
    return aggregate.stored.editions.get(language) if aggregate.stored else None
