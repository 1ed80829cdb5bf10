"""The rows of ``event`` and ``parked``, which tell the outcome of each record: conversion and queries."""

from __future__ import annotations

import base64
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, func, select

from newsroom_consumers.fold.outcome import Outcome, Parked, to_columns
from newsroom_consumers.fold.record_rules import JudgedRecord
from newsroom_consumers.log.record import Address, Partition, Record
from newsroom_consumers.projections.columns import canonical
from newsroom_consumers.store.tables import EVENT
from newsroom_schemas.catalogue import CATALOGUE
from newsroom_schemas.events import AnyEvent
from newsroom_schemas.wire import FINGERPRINT

_FINGERPRINT = re.compile(FINGERPRINT.encode())
_headers = msgspec.json.Decoder(list[tuple[str, str | None]]).decode
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
"""What PostgreSQL or UTF-8 cannot store: NUL and lone surrogates. They occur in rejected records only."""

_CHUNK = 500
"""Maximum records in one statement."""
_LOG_ORDER = (EVENT.c.topic, EVENT.c.partition, EVENT.c.offset)


def event_row(judged: JudgedRecord, outcome: Outcome) -> tuple[Any, ...]:
    """Return the row of ``event`` for a record and its outcome."""
    record, event = judged.record, judged.event
    kept = to_columns(outcome, record_level=judged.verdict is not None)
    return (
        record.topic,
        record.partition,
        record.offset,
        judged.aggregate,
        *_said(event, sound=judged.verdict is None),
        record.timestamp,
        event.occurred_at if event else None,
        _schema(judged),
        judged.record_sha,
        judged.value_sha,
        kept.outcome,
        kept.reason,
        _clean(canonical(kept.facts)) if kept.facts else "{}",
        int(kept.differs),
        int(kept.decided),
    )


def parked_row(judged: JudgedRecord, parked: Parked, hides: tuple[str, ...]) -> tuple[Any, ...]:
    """Return the row of ``parked`` for a record, with all of its bytes. ``hides`` are the languages that it hides."""
    record = judged.record
    headers = [[name, content and base64.b64encode(content).decode()] for name, content in record.headers]
    return (
        record.topic,
        record.partition,
        record.offset,
        judged.aggregate or CATALOGUE,
        record.key,
        canonical(headers),
        record.value,
        record.timestamp,
        parked.stage,
        _clean(parked.error),
        canonical(hides),
    )


def parked_record(row: Row[Any]) -> Record:
    """Return the parked record of a row, as it is in the log."""
    headers = tuple((name, None if text is None else base64.b64decode(text)) for name, text in _headers(row.headers))
    place = (row.topic, row.partition, row.offset)
    return Record(*place, row.recorded_at, bytes(row.key), bytes(row.value), headers)


def events_of(connection: Connection, article_id: str) -> Sequence[Row[Any]]:
    """Return the event rows of an article, in log order."""
    return connection.execute(select(EVENT).where(EVENT.c.article_id == article_id).order_by(*_LOG_ORDER)).all()


def event_at(connection: Connection, address: Address) -> Row[Any] | None:
    """Return the event row of one record, or ``None`` if it has not been folded."""
    topic, partition, offset = address
    return connection.execute(
        select(EVENT).where(EVENT.c.topic == topic, EVENT.c.partition == partition, EVENT.c.offset == offset)
    ).one_or_none()


def outcomes_at(connection: Connection, addresses: Sequence[Address]) -> Mapping[str, int]:
    """Return how often each outcome occurs among some records of one partition."""
    outcomes: Counter[str] = Counter()
    for start in range(0, len(addresses), _CHUNK):
        topic, partition, _ = addresses[start]
        offsets = [offset for _, _, offset in addresses[start : start + _CHUNK]]
        found = connection.execute(
            select(EVENT.c.outcome, func.count().label("records"))
            .where(EVENT.c.topic == topic, EVENT.c.partition == partition, EVENT.c.offset.in_(offsets))
            .group_by(EVENT.c.outcome)
        )
        outcomes.update({row.outcome: row.records for row in found})
    return outcomes


def ids_from(connection: Connection, at: Partition, offset: int) -> set[str]:
    """Return the articles (or ``CATALOGUE``) that have a record in a partition at or past an offset."""
    place = (EVENT.c.topic == at.topic, EVENT.c.partition == at.partition, EVENT.c.offset >= offset)
    return set(connection.scalars(select(EVENT.c.article_id).where(*place, EVENT.c.article_id.is_not(None))))


def hashes(connection: Connection, at: Partition, first: int, end: int) -> dict[int, bytes]:
    """Return the hashes of a partition's records from ``first`` up to, but not including, ``end``, by offset."""
    query = select(EVENT.c.offset, EVENT.c.record_sha).where(
        EVENT.c.topic == at.topic, EVENT.c.partition == at.partition, EVENT.c.offset >= first, EVENT.c.offset < end
    )
    return {row.offset: bytes(row.record_sha) for row in connection.execute(query)}


def last_offset(connection: Connection, at: Partition) -> int | None:
    """Return the offset of the last record of a partition that has an event row."""
    place = (EVENT.c.topic == at.topic, EVENT.c.partition == at.partition)
    found: int | None = connection.scalar(select(func.max(EVENT.c.offset)).where(*place))
    return found


def count(connection: Connection) -> int:
    """Return the number of event rows."""
    return connection.scalar(select(func.count()).select_from(EVENT)) or 0


def _said(event: AnyEvent | None, *, sound: bool) -> tuple[str | None, ...]:
    """Return id, type, language, actor and source of an event. A sound event needs no cleaning."""
    if event is None:
        return (None,) * 5
    language = getattr(event, "language", None)
    said = (event.event_id, type(event).__name__, language, event.actor, event.source)
    return said if sound else tuple(None if text is None else _clean(text) for text in said)


def _clean(text: str) -> str:
    """Return a text with the characters replaced that a database cannot store."""
    return _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def _schema(judged: JudgedRecord) -> str | None:
    """Return the fingerprint in the record's last ``schema`` header, or ``None`` if it has none."""
    content = dict(judged.record.headers).get("schema")
    return content.decode() if content is not None and _FINGERPRINT.fullmatch(content) else None
