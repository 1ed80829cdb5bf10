"""What became of records: the event rows and the parked records of a generation, for editors and engineers.

These are private: they speak of drafts and of rejected events too.
"""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import msgspec
from sqlalchemy import Connection, Select, func, select

from newsroom_consumers.log.record import Address, Partition
from newsroom_consumers.queries.readers import Answer, NotFoundError
from newsroom_consumers.store.tables import CURSOR, EVENT, PARKED
from newsroom_schemas.instants import to_rfc3339

_CHUNK = 500
"""Records to ask for with one statement."""
_INSTANTS = {"publish_at", "recorded_at", "until"}
"""Facts of rejections that are instants."""


class EditorQueries:
    """The private queries of one read transaction."""

    def __init__(self, connection: Connection) -> None:
        """Take the transaction's connection."""
        self._connection = connection

    def outcomes(self, article_id: str) -> list[Answer]:
        """Say what became of every event of an article, in log order. Raises ``NotFoundError`` where there is none."""
        return [_outcome(row) for row in self._events(article_id)]

    def events(self, article_id: str) -> list[Answer]:
        """Say the same, and from which tool and when by its clock each event came. Raises ``NotFoundError``."""
        return [
            _outcome(row) | {"source": row.source, "occurred_at": _said(row.occurred_at), "topic": row.topic}
            for row in self._events(article_id)
        ]

    def parked(self) -> list[Answer]:
        """List what waits: the first parked record of each article, and how many wait with it."""
        queues: dict[str, list[Any]] = {}
        query = select(PARKED).order_by(PARKED.c.topic, PARKED.c.partition, PARKED.c.offset)
        for row in self._connection.execute(query):
            queues.setdefault(row.article_id, []).append(row)
        return [_record(queue[0]) | {"waiting": len(queue)} for queue in queues.values()]

    def parked_records(self, article_id: str) -> list[Answer]:
        """Give the parked records of an article in log order, whole. Raises ``NotFoundError`` where there is none."""
        found = [_record(row) | _body(row) for row in self._connection.execute(_parked(article_id))]
        if not found:
            raise NotFoundError(f"parked record of article {article_id}")
        return found

    def queues(self) -> dict[str, list[Address]]:
        """Say where the parked records of each article lie, in log order."""
        queues: dict[str, list[Address]] = {}
        columns = (PARKED.c.article_id, PARKED.c.topic, PARKED.c.partition, PARKED.c.offset)
        for id_, *address in self._connection.execute(select(*columns).order_by(PARKED.c.offset)):
            queues.setdefault(id_, []).append((address[0], address[1], address[2]))
        return queues

    def head(self, article_id: str) -> Answer | None:
        """Give the first parked record of an article, with its key and its hash."""
        row = self._connection.execute(_parked(article_id).limit(1)).one_or_none()
        if row is None:
            return None
        query = select(EVENT.c.record_sha, EVENT.c.type, EVENT.c.actor).where(
            EVENT.c.topic == row.topic, EVENT.c.partition == row.partition, EVENT.c.offset == row.offset
        )
        event = self._connection.execute(query).one()
        named = {"key": bytes(row.key).decode(), "sha256": bytes(event.record_sha).hex()}
        return _record(row) | named | {"type": event.type, "actor": event.actor}

    def outcome(self, address: Address) -> Answer:
        """Say what became of one record. Raises ``NotFoundError`` where it has not been folded."""
        topic, partition, offset = address
        query = select(EVENT).where(EVENT.c.topic == topic, EVENT.c.partition == partition, EVENT.c.offset == offset)
        row = self._connection.execute(query).one_or_none()
        if row is None:
            raise NotFoundError(f"record at {topic} {partition}:{offset}")
        return _outcome(row)

    def fate(self, article_id: str, queue: Sequence[Address]) -> Answer:
        """Say what became of records that were parked: how many came to which outcome, and what is parked first now."""
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
        return {
            "article_id": article_id,
            "records": len(queue),
            "outcomes": dict(sorted(outcomes.items())),
            "parked": self.head(article_id),
        }

    def positions(self) -> dict[Partition, int]:
        """Give the next offset of every partition that the generation has begun to fold."""
        rows = self._connection.execute(select(CURSOR.c.topic, CURSOR.c.partition, CURSOR.c.next_offset))
        return {Partition(row.topic, row.partition): row.next_offset for row in rows}

    def _events(self, article_id: str) -> Sequence[Any]:
        """Give the event rows of an article in log order. Raises ``NotFoundError`` where there is none."""
        place = (EVENT.c.topic, EVENT.c.partition, EVENT.c.offset)
        found = self._connection.execute(select(EVENT).where(EVENT.c.article_id == article_id).order_by(*place)).all()
        if not found:
            raise NotFoundError(f"event of article {article_id}")
        return found


def _parked(article_id: str) -> Select[Any]:
    return select(PARKED).where(PARKED.c.article_id == article_id).order_by(PARKED.c.offset)


def _outcome(row: Any) -> Answer:
    return {
        "event_id": row.event_id,
        "type": row.type,
        "language": row.language,
        "outcome": row.outcome,
        "reason": row.reason,
        "facts": _facts(row),
        "recorded_at": to_rfc3339(row.recorded_at),
        "actor": row.actor,
        "partition": row.partition,
        "offset": row.offset,
    }


def _said(instant: int | None) -> str | None:
    """Write an instant as an event says it; one of a refused event may lie outside the calendar."""
    with suppress(OverflowError):
        return None if instant is None else to_rfc3339(instant)
    return None


def _facts(row: Any) -> Answer:
    """Give the facts of an outcome, instants among them as people write them."""
    facts: Answer = msgspec.json.decode(row.facts)
    shown = {name: to_rfc3339(fact) if name in _INSTANTS else fact for name, fact in facts.items()}
    return shown | ({"differs": True} if row.differs else {})


def _record(row: Any) -> Answer:
    return {
        "article_id": row.article_id,
        "topic": row.topic,
        "partition": row.partition,
        "offset": row.offset,
        "recorded_at": to_rfc3339(row.recorded_at),
        "stage": row.stage,
        "error": row.error,
        "hides": msgspec.json.decode(row.hides),
    }


def _body(row: Any) -> Answer:
    headers = [
        [name, base64.b64decode(content or "").decode("utf-8", "backslashreplace")]
        for name, content in msgspec.json.decode(row.headers)
    ]
    return {"headers": headers, "value": base64.b64encode(row.value).decode()}
