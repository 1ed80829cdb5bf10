"""Emit: events written as JSON Lines go to the log, and every line is answered in its order.

Example of a line, and of its answer::

    {"type": "ArticlePublished", "article_id": "storm", "language": "uk", "published_at": "2025-02-07T20:35:00+02:00"}
    {"event_id": "0192…", "topic": "newsroom.articles", "partition": 3, "offset": 41}

Fields are named as in the schemas, instants are RFC 3339. Nothing here knows Kafka or files.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any

import msgspec

from newsroom_producers.desk import new_event_id, now
from newsroom_producers.importers.lines import Line
from newsroom_producers.instants import from_rfc3339, to_microseconds
from newsroom_producers.receipts import Receipt, Refused, Sendable, Settled, Transport
from newsroom_schemas.errors import InvalidEventError, NewsroomError, UnreadableLineError
from newsroom_schemas.events import EVENTS, AnyEvent
from newsroom_schemas.validation import instants
from newsroom_schemas.values import StoredBlocks

LineReader = Callable[[bytes], tuple[AnyEvent, ...]]
"""Makes the events of one line, which are sent whole or not at all; raises a NewsroomError when the line has none."""


class EventReader:
    """Reads one event from a line of JSON and fills in what the line may leave to the tool."""

    def __init__(
        self,
        *,
        actor: str,
        source: str,
        clock: Callable[[], datetime] = now,
        new_id: Callable[[], str] = new_event_id,
    ) -> None:
        self._actor = actor
        self._source = source
        self._clock = clock
        self._new_id = new_id

    def __call__(self, text: bytes) -> tuple[AnyEvent]:
        """Read a line; raise UnreadableLineError or InvalidEventError, which name the field."""
        fields = read_object(text)
        type_ = _type_of(fields)
        for name in instants(type_.__name__) & fields.keys():
            fields[name] = _instant(type_, name, fields[name])
        if "event_id" not in fields:
            fields["event_id"] = self._new_id()
        if "occurred_at" not in fields:
            fields["occurred_at"] = to_microseconds(self._clock())
        fields = {"actor": self._actor, "source": self._source, **fields}
        try:
            event = msgspec.convert(fields, type_)
        except msgspec.ValidationError as error:
            raise UnreadableLineError(f"{type_.__name__}: {error}") from None
        if isinstance(getattr(event, "blocks", None), StoredBlocks):
            raise InvalidEventError(type_.__name__, "blocks", "is no list of blocks")
        return (event,)


def read_object(text: bytes) -> dict[str, Any]:
    """Read a line that holds one JSON object; raise UnreadableLineError when it does not."""
    try:
        value = msgspec.json.decode(text.decode())
    except UnicodeDecodeError as error:
        raise UnreadableLineError(f"is not UTF-8: {error.reason} at byte {error.start + 1}") from None
    except msgspec.DecodeError as error:
        raise UnreadableLineError(f"is not JSON: {error}") from None
    except RecursionError:
        raise UnreadableLineError("is nested too deep to be an event") from None
    if not isinstance(value, dict):
        raise UnreadableLineError("is no JSON object: write one event as {…} on one line")
    return value


def answers(lines: Iterable[Line | None], read: LineReader, transport: Transport) -> Iterator[tuple[int, Settled]]:
    """Send the events of each line; give line number and what became of it for each event, in order."""
    numbers: deque[int] = deque()
    for settled in transport.send_all(_sendables(lines, read, numbers)):
        yield numbers.popleft(), settled


def answer(number: int, settled: Settled) -> bytes:
    """Write what became of an event as a line of JSON."""
    if isinstance(settled, Receipt):
        return msgspec.json.encode(settled)
    return msgspec.json.encode({"line": number, "error": str(settled.error)})


def _sendables(lines: Iterable[Line | None], read: LineReader, numbers: deque[int]) -> Iterator[Sendable]:
    """Turn lines into sends, and note the line number of each answer to come."""
    for line in lines:
        if line is None:
            yield None
            continue
        sendable = _sendable(line, read)
        numbers.extend([line.number] * (len(sendable) if isinstance(sendable, tuple) else 1))
        yield sendable


def _sendable(line: Line, read: LineReader) -> tuple[AnyEvent, ...] | Refused:
    """Read a line, or refuse it."""
    if not isinstance(line.text, bytes):
        return Refused(error=line.text)
    try:
        return read(line.text)
    except NewsroomError as error:
        return Refused(error=error)


def _type_of(fields: dict[str, Any]) -> type[AnyEvent]:
    """Find the event's type by its name."""
    name = fields.get("type")
    if name is None:
        raise UnreadableLineError('has no field "type", such as "ArticleCreated"')
    if not isinstance(name, str) or name not in EVENTS:
        raise UnreadableLineError(f"type: there is no event {name!r:.80}; use one of {', '.join(EVENTS)}")
    return EVENTS[name]


def _instant(type_: type[AnyEvent], field: str, value: Any) -> int | None:
    """Read an instant; null is left for the schema to judge."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise InvalidEventError(type_.__name__, field, "is no RFC 3339 text, such as 2025-02-07T18:35:00Z")
    try:
        return from_rfc3339(value)
    except ValueError as error:
        raise InvalidEventError(type_.__name__, field, str(error)) from None
