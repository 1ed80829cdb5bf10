"""What editors and engineers can ask of a generation: what became of records, and which are parked.

These answers are private: they tell of drafts and of rejected events too.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Row

from newsroom_consumers.log.record import Address
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
from newsroom_consumers.store import event_rows, queues

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
        waiting: dict[str, list[Any]] = {}
        for row in queues.parked_rows(self._connection):
            waiting.setdefault(row.article_id, []).append(row)
        return [ParkedArticle(**_record(queue[0]), waiting=len(queue)) for queue in waiting.values()]

    def parked_records(self, article_id: str) -> list[WholeParkedRecord]:
        """Return the parked records of an article in log order. Raises ``NotFoundError`` where it has none."""
        found = [
            WholeParkedRecord(**_record(row), headers=_headers(row.headers), value=base64.b64encode(row.value).decode())
            for row in queues.parked_rows_of(self._connection, article_id)
        ]
        if not found:
            raise NotFoundError(f"parked record of article {article_id}")
        return found

    def head(self, article_id: str) -> ParkedHead | None:
        """Return the first parked record of an article, with what names it in the log."""
        row = queues.head_row(self._connection, article_id)
        if row is None:
            return None
        event = self._event((row.topic, row.partition, row.offset))
        return ParkedHead(
            **_record(row),
            key=bytes(row.key).decode(),
            sha256=bytes(event.record_sha).hex(),
            type=event.type,
            actor=event.actor,
        )

    def outcome(self, address: Address) -> RecordOutcome:
        """Return what became of one record. Raises ``NotFoundError`` where it has not been folded."""
        return RecordOutcome(**_outcome(self._event(address)))

    def fate(self, article_id: str, queue: Sequence[Address]) -> QueueFate:
        """Return what became of records that were parked, and which record of the article is parked first now."""
        outcomes = event_rows.outcomes_at(self._connection, queue)
        return QueueFate(
            article_id=article_id,
            records=len(queue),
            outcomes=dict(sorted(outcomes.items())),
            parked=self.head(article_id),
        )

    def _event(self, address: Address) -> Row[Any]:
        """Return the event row of one record. Raises ``NotFoundError`` where it has not been folded."""
        row = event_rows.event_at(self._connection, address)
        if row is None:
            topic, partition, offset = address
            raise NotFoundError(f"record at {topic} {partition}:{offset}")
        return row

    def _events(self, article_id: str) -> Sequence[Any]:
        """Return the event rows of an article in log order. Raises ``NotFoundError`` where it has none."""
        found = event_rows.events_of(self._connection, article_id)
        if not found:
            raise NotFoundError(f"event of article {article_id}")
        return found


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
    """Return the headers of a record as text; bytes that are not UTF-8 stand in it as escapes."""
    return tuple(
        (name, base64.b64decode(content or "").decode("utf-8", "backslashreplace"))
        for name, content in msgspec.json.decode(stored)
    )
