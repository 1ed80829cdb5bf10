"""What happened to records, as rows of the private tables."""

from __future__ import annotations

import base64
import re
from typing import Any

import msgspec
from sqlalchemy import Row

from newsroom_consumers.fold.outcome import Outcome, Parked, to_columns
from newsroom_consumers.fold.record_rules import CATALOGUE, JudgedRecord
from newsroom_consumers.log.record import Record
from newsroom_consumers.projections.columns import canonical
from newsroom_schemas.events import AnyEvent

_FINGERPRINT = re.compile(rb"[0-9a-f]{16}")
_headers = msgspec.json.Decoder(list[tuple[str, str | None]]).decode
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
"""What PostgreSQL or UTF-8 cannot hold: NUL and lone surrogates. They occur in refused records only."""


def event_row(read: JudgedRecord, outcome: Outcome) -> tuple[Any, ...]:
    """Write what became of a record as its row of ``event``."""
    record, event = read.record, read.event
    kept = to_columns(outcome, record_level=read.verdict is not None)
    return (
        record.topic,
        record.partition,
        record.offset,
        read.aggregate,
        *_said(event, sound=read.verdict is None),
        record.timestamp,
        event.occurred_at if event else None,
        _schema(read),
        read.record_sha,
        read.value_sha,
        kept.outcome,
        kept.reason,
        _clean(canonical(kept.facts)) if kept.facts else "{}",
        int(kept.differs),
        int(kept.decided),
    )


def parked_row(read: JudgedRecord, parked: Parked, hides: tuple[str, ...]) -> tuple[Any, ...]:
    """Write a parked record, whole, as its row of ``parked``."""
    record = read.record
    headers = [[name, content and base64.b64encode(content).decode()] for name, content in record.headers]
    return (
        record.topic,
        record.partition,
        record.offset,
        read.aggregate or CATALOGUE,
        record.key,
        canonical(headers),
        record.value,
        record.timestamp,
        parked.stage,
        _clean(parked.error),
        canonical(hides),
    )


def parked_record(row: Row[Any]) -> Record:
    """Read a parked record from its row, as it lies in the log."""
    headers = tuple((name, None if text is None else base64.b64decode(text)) for name, text in _headers(row.headers))
    place = (row.topic, row.partition, row.offset)
    return Record(*place, row.recorded_at, bytes(row.key), bytes(row.value), headers)


def _said(event: AnyEvent | None, *, sound: bool) -> tuple[str | None, ...]:
    """Give id, type, language, actor and source as the event says them; a sound event has nothing to clean."""
    if event is None:
        return (None,) * 5
    language = getattr(event, "language", None)
    said = (event.event_id, type(event).__name__, language, event.actor, event.source)
    return said if sound else tuple(None if text is None else _clean(text) for text in said)


def _clean(text: str) -> str:
    """Replace what a database cannot hold."""
    return _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def _schema(read: JudgedRecord) -> str | None:
    """Give the fingerprint that the record's last ``schema`` header names, if it is one."""
    content = dict(read.record.headers).get("schema")
    return content.decode() if content is not None and _FINGERPRINT.fullmatch(content) else None
