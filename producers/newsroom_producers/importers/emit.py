"""Emit: events as JSON Lines go to the log, and every event has a result, in the order of the lines.

Example of a line, and of its result::

    {"type": "ArticlePublished", "article_id": "storm", "language": "uk", "published_at": "2025-02-07T20:35:00+02:00"}
    {"event_id": "0192…", "topic": "newsroom.articles", "partition": 3, "offset": 41}

Fields are named as in the schemas, instants are RFC 3339.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any

import msgspec

from newsroom_producers.desk import new_event_id, now
from newsroom_producers.importers.lines import Line
from newsroom_producers.receipts import Receipt, Refusal, Sendable, SendResult, Transport
from newsroom_schemas.errors import InvalidEventError, NewsroomError, UnreadableLineError
from newsroom_schemas.events import EVENTS, AnyEvent
from newsroom_schemas.instants import from_rfc3339, to_microseconds
from newsroom_schemas.validation import instants
from newsroom_schemas.values import StoredBlocks

LineReader = Callable[[bytes], tuple[AnyEvent, ...]]
"""Returns the events of one line, which are sent all or not at all; raises a NewsroomError when there are none."""


class EventReader:
    """Reads one event from a line of JSON, and fills in the fields of the envelope that the line leaves out."""

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
        """Return the event of a line; raise UnreadableLineError or InvalidEventError, which name the field."""
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
            raise InvalidEventError(type_.__name__, "blocks", "is not a list of blocks")
        return (event,)


def read_object(text: bytes) -> dict[str, Any]:
    """Return the JSON object of a line; raise UnreadableLineError when the line is anything else."""
    try:
        value = msgspec.json.decode(text.decode())
    except UnicodeDecodeError as error:
        raise UnreadableLineError(f"is not UTF-8: {error.reason} at byte {error.start + 1}") from None
    except msgspec.DecodeError as error:
        raise UnreadableLineError(f"is not JSON: {error}") from None
    except RecursionError:
        raise UnreadableLineError("is nested too deep to be an event") from None
    if not isinstance(value, dict):
        raise UnreadableLineError("is not a JSON object: write one event as {…} on one line")
    return value


def send_lines(
    lines: Iterable[Line | None], read: LineReader, transport: Transport
) -> Iterator[tuple[int, SendResult]]:
    """Send the events of each line, and yield the line number and the result of each event, in order."""
    numbers: deque[int] = deque()
    for result in transport.send_all(_sendables(lines, read, numbers)):
        yield numbers.popleft(), result


def result_json(number: int, result: SendResult, *, describe: Callable[[NewsroomError], str] = str) -> bytes:
    """Return the result of an event as JSON: its receipt, or the line number and the error as ``describe`` words it."""
    if isinstance(result, Receipt):
        return msgspec.json.encode(result)
    return msgspec.json.encode({"line": number, "error": describe(result.error)})


def _sendables(lines: Iterable[Line | None], read: LineReader, numbers: deque[int]) -> Iterator[Sendable]:
    """Yield what each line sends, and note the line number of each result to come."""
    for line in lines:
        if line is None:
            yield None
            continue
        sendable = _sendable(line, read)
        numbers.extend([line.number] * (len(sendable) if isinstance(sendable, tuple) else 1))
        yield sendable


def _sendable(line: Line, read: LineReader) -> tuple[AnyEvent, ...] | Refusal:
    """Return the events of a line, or its refusal."""
    if not isinstance(line.text, bytes):
        return Refusal(error=line.text)
    try:
        return read(line.text)
    except NewsroomError as error:
        return Refusal(error=error)


def _type_of(fields: dict[str, Any]) -> type[AnyEvent]:
    """Return the event's type."""
    name = fields.get("type")
    if name is None:
        raise UnreadableLineError('has no field "type", such as "ArticleCreated"')
    if not isinstance(name, str) or name not in EVENTS:
        raise UnreadableLineError(f"type: there is no event {name!r:.80}; use one of {', '.join(EVENTS)}")
    return EVENTS[name]


def _instant(type_: type[AnyEvent], field: str, value: Any) -> int | None:
    """Return an instant in microseconds; null stays, for the schema to judge."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise InvalidEventError(type_.__name__, field, "is not an RFC 3339 text, such as 2025-02-07T18:35:00Z")
    try:
        return from_rfc3339(value)
    except ValueError as error:
        raise InvalidEventError(type_.__name__, field, str(error)) from None
