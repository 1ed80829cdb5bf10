"""A generation: everything derived from the log by one build, and the one transaction that stores a batch.

Every batch commits rows and cursors together, so each event takes effect exactly once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, select
from sqlalchemy.exc import IntegrityError

from newsroom_consumers.database.database import Database, Session
from newsroom_consumers.fold.aggregate import Aggregate
from newsroom_consumers.fold.result import FoldResult
from newsroom_consumers.log.record import Partition, Record
from newsroom_consumers.projections import PROJECTIONS, catalogue_projection, public_names
from newsroom_consumers.store import article_rows, cursors, event_rows, queues, tables
from newsroom_consumers.store.cursors import Cursor, FencedError
from newsroom_consumers.store.queues import Queue
from newsroom_consumers.store.reread import places_of
from newsroom_consumers.store.steps import Step, StepObserver, ignore
from newsroom_schemas.catalogue import CATALOGUE
from newsroom_schemas.fold.state import Edition

_LOAD = 500
"""Maximum articles to load with one statement: SQLite allows 32,766 values."""


class _ArticleQueries:
    """The queries that load the state of the articles bound as ``ids``."""

    def __init__(self, database: Database) -> None:
        article, edition, event, parked = tables.ARTICLE, tables.EDITION, tables.EVENT.c, tables.PARKED.c
        among = database.among_ids
        self.articles = select(article).where(among(article.c.article_id))
        self.editions = select(edition).where(among(edition.c.article_id))
        self.decided = select(event.article_id, event.event_id, event.value_sha).where(
            among(event.article_id), event.decided == 1
        )
        self.parked = select(parked.article_id, parked.hides).where(among(parked.article_id)).distinct()


StoreStep = Callable[[Connection, Sequence[tuple[Cursor, Cursor]], FoldResult], None]
"""One of the writes of a batch's transaction."""


class Generation:
    """One generation, open for writing."""

    def __init__(
        self,
        session: Session,
        *,
        observer: StepObserver = ignore,
    ) -> None:
        """Create missing tables. ``session`` is on the generation.

        ``observer`` is called after every step of a transaction.
        """
        self.name = session.name
        self._session = session
        self._database = session.database
        self._observe = observer
        session.make_tables(tables.all_metadata(), public_names())
        self._rows = self._database.rows(tables.all_metadata())
        self._catalogue = catalogue_projection()
        self._queries = _ArticleQueries(self._database)

    def cursors(self) -> dict[Partition, Cursor]:
        """Return the cursor of every partition that has one."""
        with self._session.begin() as connection:
            return cursors.cursors(connection)

    def cut(self) -> dict[Partition, int]:
        """Return the next offset of every partition that has a cursor."""
        with self._session.begin() as connection:
            return cursors.cut(connection)

    def cursor(self, partition: Partition) -> Cursor:
        """Return the cursor of a partition, or one at offset 0 if there is none yet."""
        return self.cursors().get(partition, Cursor(topic=partition.topic, partition=partition.partition))

    def take(self, cursor: Cursor, owner: str) -> Cursor:
        """Raise the epoch of a partition, which fences every earlier owner, and return the new cursor.

        What an earlier owner has begun to store but not committed is rolled back.
        Raises ``FencedError`` if another worker creates the cursor at the same moment.
        """
        try:
            with self._session.begin() as connection:
                return cursors.take(self._database, connection, cursor, owner)
        except IntegrityError as error:
            raise FencedError(Partition(cursor.topic, cursor.partition)) from error

    def load(self, ids: Iterable[str]) -> dict[str, Aggregate]:
        """Return the state of these articles (or ``CATALOGUE``), including those that do not exist yet."""
        wanted = sorted(ids)
        found = {id_: Aggregate(id=id_, decided={}) for id_ in wanted}
        with self._session.begin() as connection:
            if CATALOGUE in found:
                found[CATALOGUE].catalogue = self._catalogue.catalogue(connection)
            for start in range(0, len(wanted), _LOAD):
                self._load(connection, wanted[start : start + _LOAD], found)
        return found

    def head(self, id_: str) -> Record | None:
        """Return the first parked record of an article or of ``CATALOGUE``, or ``None``."""
        with self._session.begin() as connection:
            return queues.head(connection, id_)

    def queue(self, id_: str) -> Queue:
        """Return the parked records of an article or of ``CATALOGUE``."""
        with self._session.begin() as connection:
            return queues.queue(connection, id_)

    def history(self, id_: str, at: Partition) -> dict[int, bytes]:
        """Return offsets and hashes of all records of an article or of ``CATALOGUE`` in a partition, in log order."""
        with self._session.begin() as connection:
            return places_of(connection, id_).get(at, {})

    def commit(self, moves: Sequence[tuple[Cursor, Cursor]], folded: FoldResult) -> None:
        """Store a batch in one transaction: first the cursors, given as pairs of old and new values, then all rows.

        Raises ``FencedError``, and stores nothing, if another worker has taken one of the partitions.
        """
        with self._session.begin() as connection:
            self._observe(Step.TRANSACTION_BEGUN)
            self._database.pace(connection, len(folded.outcomes))
            for step in self.steps():
                step(connection, moves, folded)
        for aggregate in folded.changed.values():
            aggregate.stored = aggregate.article

    def steps(self) -> tuple[StoreStep, ...]:
        """Return the steps of the transaction, in order."""
        return (self._move_cursors, self._save_states, self._save_events, self._save_pages, self._save_tags)

    def _move_cursors(self, connection: Connection, moves: Sequence[tuple[Cursor, Cursor]], _: FoldResult) -> None:
        cursors.move(connection, moves)
        self._observe(Step.CURSORS_MOVED)

    def _save_states(self, connection: Connection, _: object, folded: FoldResult) -> None:
        queues.clear(connection, (tables.ARTICLE, tables.EDITION), folded.refold.from_start)
        changed = [(each, each.article) for each in folded.changed.values() if each.article is not None]
        articles = [article_rows.article_row(article, each.last_offset) for each, article in changed]
        editions = [
            article_rows.edition_row(article.article_id, language, edition)
            for each, article in changed
            for language, edition in article.editions.items()
            if edition is not _stored_edition(each, language)
        ]
        self._rows.upsert(connection, tables.ARTICLE, articles)
        self._rows.upsert(connection, tables.EDITION, editions)
        self._observe(Step.STATES_SAVED)

    def _save_events(self, connection: Connection, _: object, folded: FoldResult) -> None:
        queues.remove(connection, folded.refold)
        self._rows.insert(connection, tables.EVENT, [event_rows.event_row(*pair) for pair in folded.outcomes.values()])
        self._rows.insert(
            connection, tables.PARKED, [event_rows.parked_row(*parked) for parked in folded.parked.values()]
        )
        self._observe(Step.EVENTS_SAVED)

    def _save_pages(self, connection: Connection, _: object, folded: FoldResult) -> None:
        made: defaultdict[str, list[tuple[Any, ...]]] = defaultdict(list)
        for page in folded.pages.values():
            for table, row in page:
                made[table.name].append(row)
        replaced = sorted(folded.replaced)
        for projection in PROJECTIONS.values():
            queues.clear(connection, projection.TABLES, folded.refold.from_start)
            for table in projection.TABLES:
                self._rows.delete_editions(connection, table, replaced)
                self._rows.insert(connection, table, made[table.name])
        self._observe(Step.PAGES_SAVED)

    def _save_tags(self, connection: Connection, _: object, folded: FoldResult) -> None:
        if CATALOGUE in folded.refold.from_start:
            connection.execute(delete(self._catalogue.TAG))
        rows = [self._catalogue.catalogue_row(tag) for tag in folded.tags.values()]
        self._rows.upsert(connection, self._catalogue.TAG, rows)
        self._observe(Step.TAGS_SAVED)

    def _load(self, connection: Connection, ids: Sequence[str], found: Mapping[str, Aggregate]) -> None:
        editions: defaultdict[str, dict[str, Edition]] = defaultdict(dict)
        for row in connection.execute(self._queries.editions, {"ids": ids}):
            editions[row.article_id][row.language] = article_rows.edition_of(row)
        for row in connection.execute(self._queries.articles, {"ids": ids}):
            aggregate = found[row.article_id]
            aggregate.article = aggregate.stored = article_rows.article_of(row, editions[row.article_id])
            aggregate.last_offset = row.last_offset
        for article_id, event_id, value_sha in connection.execute(self._queries.decided, {"ids": ids}):
            found[article_id].decided[event_id] = bytes(value_sha)
        for article_id, hides in connection.execute(self._queries.parked, {"ids": ids}):
            found[article_id].parked = True
            found[article_id].hidden |= set(msgspec.json.decode(hides))


def _stored_edition(aggregate: Aggregate, language: str) -> Edition | None:
    return aggregate.stored.editions.get(language) if aggregate.stored else None
