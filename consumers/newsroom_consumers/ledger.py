"""What became of records: the event rows and the parked records of a generation, for editors and engineers.

These are private: they speak of drafts and of rejected events too.
"""

from __future__ import annotations

import base64
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from newsroom_consumers.queries import Answer, NotFoundError, to_rfc3339
from newsroom_consumers.records import Partition
from newsroom_consumers.store.tables import CURSOR, EVENT, PARKED


class Ledger:
    """The private queries of one read transaction."""

    def __init__(self, connection: Connection) -> None:
        """Take the transaction's connection."""
        self._connection = connection

    def outcomes(self, article_id: str) -> list[Answer]:
        """Say what became of every event of an article, in log order. Raises ``NotFoundError`` where there is none."""
        place = (EVENT.c.topic, EVENT.c.partition, EVENT.c.offset)
        query = select(EVENT).where(EVENT.c.article_id == article_id).order_by(*place)
        found = [_outcome(row) for row in self._connection.execute(query)]
        if not found:
            raise NotFoundError(f"event of article {article_id}")
        return found

    def parked(self) -> list[Answer]:
        """List what waits: the first parked record of each article, and how many wait with it."""
        queues: dict[str, list[Any]] = {}
        query = select(PARKED).order_by(PARKED.c.topic, PARKED.c.partition, PARKED.c.offset)
        for row in self._connection.execute(query):
            queues.setdefault(row.article_id, []).append(row)
        return [_record(queue[0]) | {"waiting": len(queue)} for queue in queues.values()]

    def parked_records(self, article_id: str) -> list[Answer]:
        """Give the parked records of an article in log order, whole. Raises ``NotFoundError`` where there is none."""
        query = select(PARKED).where(PARKED.c.article_id == article_id).order_by(PARKED.c.offset)
        found = [_record(row) | _body(row) for row in self._connection.execute(query)]
        if not found:
            raise NotFoundError(f"parked record of article {article_id}")
        return found

    def positions(self) -> dict[Partition, int]:
        """Give the next offset of every partition that the generation has begun to fold."""
        rows = self._connection.execute(select(CURSOR.c.topic, CURSOR.c.partition, CURSOR.c.next_offset))
        return {Partition(row.topic, row.partition): row.next_offset for row in rows}


def _outcome(row: Any) -> Answer:
    return {
        "event_id": row.event_id,
        "type": row.type,
        "language": row.language,
        "outcome": row.outcome,
        "reason": row.reason,
        "facts": msgspec.json.decode(row.facts) | ({"differs": True} if row.differs else {}),
        "recorded_at": to_rfc3339(row.recorded_at),
        "actor": row.actor,
        "partition": row.partition,
        "offset": row.offset,
    }


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
