"""What editors and engineers can ask of a generation: what became of records, and which are parked.

These answers are private: they tell of drafts and of rejected events too.
"""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Select, func, select

from newsroom_consumers.log.record import Address, Partition
from newsroom_consumers.queries.answers import (
    Instant,
    NotFoundError,
    ParkedArticle,
    ParkedHead,
    QueueFate,
    RecordOutcome,
    SourcedOutcome,
    WholeParkedRecord,
)
from newsroom_consumers.store.tables import CURSOR, EVENT, PARKED

_CHUNK = 500
"""Records to ask for in one statement."""
_INSTANTS = {"publish_at", "recorded_at", "until"}
"""Facts of rejections that are instants."""

_hides = msgspec.json.Decoder(tuple[str, ...]).decode


class EditorQueries:
    """The private queries of one read transaction."""

    def __init__(self, connection: Connection) -> None:
        """Ask through ``connection``, which is in a read transaction."""
        self._connection = connection

    def outcomes(self, article_id: str) -> list[RecordOutcome]:
        """Return what became of every event of an article, in log order. Raises ``NotFoundError`` where it has none."""
        return [RecordOutcome(**_outcome(row)) for row in self._events(article_id)]

    def events(self, article_id: str) -> list[SourcedOutcome]:
        """Return the same, and from which tool and when by its clock each event came. Raises ``NotFoundError``."""
        return [
            SourcedOutcome(
                **_outcome(row), source=row.source, occurred_at=_in_calendar(row.occurred_at), topic=row.topic
            )
            for row in self._events(article_id)
        ]

    def parked(self) -> list[ParkedArticle]:
        """Return the articles that wait: the first parked record of each, and how many wait with it."""
        queues: dict[str, list[Any]] = {}
        query = select(PARKED).order_by(PARKED.c.topic, PARKED.c.partition, PARKED.c.offset)
        for row in self._connection.execute(query):
            queues.setdefault(row.article_id, []).append(row)
        return [ParkedArticle(**_record(queue[0]), waiting=len(queue)) for queue in queues.values()]

    def parked_records(self, article_id: str) -> list[WholeParkedRecord]:
        """Return the parked records of an article in log order. Raises ``NotFoundError`` where it has none."""
        found = [
            WholeParkedRecord(**_record(row), headers=_headers(row.headers), value=base64.b64encode(row.value).decode())
            for row in self._connection.execute(_parked(article_id))
        ]
        if not found:
            raise NotFoundError(f"parked record of article {article_id}")
        return found

    def queues(self) -> dict[str, list[Address]]:
        """Return where the parked records of each article lie, in log order."""
        queues: dict[str, list[Address]] = {}
        columns = (PARKED.c.article_id, PARKED.c.topic, PARKED.c.partition, PARKED.c.offset)
        for id_, *address in self._connection.execute(select(*columns).order_by(PARKED.c.offset)):
            queues.setdefault(id_, []).append((address[0], address[1], address[2]))
        return queues

    def head(self, article_id: str) -> ParkedHead | None:
        """Return the first parked record of an article, with what names it in the log."""
        row = self._connection.execute(_parked(article_id).limit(1)).one_or_none()
        if row is None:
            return None
        query = select(EVENT.c.record_sha, EVENT.c.type, EVENT.c.actor).where(
            EVENT.c.topic == row.topic, EVENT.c.partition == row.partition, EVENT.c.offset == row.offset
        )
        event = self._connection.execute(query).one()
        return ParkedHead(
            **_record(row),
            key=bytes(row.key).decode(),
            sha256=bytes(event.record_sha).hex(),
            type=event.type,
            actor=event.actor,
        )

    def outcome(self, address: Address) -> RecordOutcome:
        """Return what became of one record. Raises ``NotFoundError`` where it has not been folded."""
        topic, partition, offset = address
        query = select(EVENT).where(EVENT.c.topic == topic, EVENT.c.partition == partition, EVENT.c.offset == offset)
        row = self._connection.execute(query).one_or_none()
        if row is None:
            raise NotFoundError(f"record at {topic} {partition}:{offset}")
        return RecordOutcome(**_outcome(row))

    def fate(self, article_id: str, queue: Sequence[Address]) -> QueueFate:
        """Return what became of records that were parked, and which record of the article is parked first now."""
        outcomes: Counter[str] = Counter()
        for start in range(0, len(queue), _CHUNK):
            topic, partition, _ = queue[start]
            offsets = [offset for _, _, offset in queue[start : start + _CHUNK]]
            found = self._connection.execute(
                select(EVENT.c.outcome, func.count().label("records"))
                .where(EVENT.c.topic == topic, EVENT.c.partition == partition, EVENT.c.offset.in_(offsets))
                .group_by(EVENT.c.outcome)
            )
            outcomes.update({row.outcome: row.records for row in found})
        return QueueFate(
            article_id=article_id,
            records=len(queue),
            outcomes=dict(sorted(outcomes.items())),
            parked=self.head(article_id),
        )

    def positions(self) -> dict[Partition, int]:
        """Return the next offset of every partition that the generation has begun to fold."""
        rows = self._connection.execute(select(CURSOR.c.topic, CURSOR.c.partition, CURSOR.c.next_offset))
        return {Partition(row.topic, row.partition): row.next_offset for row in rows}

    def _events(self, article_id: str) -> Sequence[Any]:
        """Return the event rows of an article in log order. Raises ``NotFoundError`` where it has none."""
        place = (EVENT.c.topic, EVENT.c.partition, EVENT.c.offset)
        found = self._connection.execute(select(EVENT).where(EVENT.c.article_id == article_id).order_by(*place)).all()
        if not found:
            raise NotFoundError(f"event of article {article_id}")
        return found


def _parked(article_id: str) -> Select[Any]:
    return select(PARKED).where(PARKED.c.article_id == article_id).order_by(PARKED.c.offset)


def _outcome(row: Any) -> dict[str, Any]:
    """Return the fields of a ``RecordOutcome``."""
    return {
        "event_id": row.event_id,
        "type": row.type,
        "language": row.language,
        "outcome": row.outcome,
        "reason": row.reason,
        "facts": _facts(row),
        "recorded_at": Instant(row.recorded_at),
        "actor": row.actor,
        "partition": row.partition,
        "offset": row.offset,
    }


def _facts(row: Any) -> dict[str, Any]:
    facts: dict[str, Any] = msgspec.json.decode(row.facts)
    shown = {name: Instant(fact) if name in _INSTANTS else fact for name, fact in facts.items()}
    return shown | ({"differs": True} if row.differs else {})


def _in_calendar(instant: int | None) -> Instant | None:
    """Return what a tool's clock said; nothing where it cannot be written, as may be in an event that was refused."""
    said = None if instant is None else Instant(instant)
    try:
        str(said)
    except OverflowError:
        return None
    return said


def _record(row: Any) -> dict[str, Any]:
    """Return the fields of a ``ParkedRecord``."""
    return {
        "article_id": row.article_id,
        "topic": row.topic,
        "partition": row.partition,
        "offset": row.offset,
        "recorded_at": Instant(row.recorded_at),
        "stage": row.stage,
        "error": row.error,
        "hides": _hides(row.hides),
    }


def _headers(stored: str) -> tuple[tuple[str, str], ...]:
    """Return the headers of a record as text; bytes that are no UTF-8 stand in it as escapes."""
    return tuple(
        (name, base64.b64decode(content or "").decode("utf-8", "backslashreplace"))
        for name, content in msgspec.json.decode(stored)
    )
