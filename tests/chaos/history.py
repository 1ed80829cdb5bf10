"""The history of a run: every send, and what its sender was told, in JSON Lines."""

from __future__ import annotations

import hashlib
import itertools
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
from chaos.evidence import Entry, Word
from support.kit import CODEC

from newsroom_consumers.log.record import Address
from newsroom_producers.receipts import Receipt, Refusal, Sendable, SendResult, Transport
from newsroom_schemas.errors import BrokerAwayError, NewsroomError, OvertakenError
from newsroom_schemas.events import AnyEvent, key_of


class History:
    """What all senders of a run have done so far; written to a file as well, if there is one."""

    def __init__(self, path: Path | None = None) -> None:
        self.entries: list[Entry] = []
        self._file = path.open("wb") if path else None
        self._lock = threading.Lock()
        self._begun = time.monotonic()

    def note(
        self,
        writer: str,
        word: Word,
        event: AnyEvent,
        *,
        place: Address | None = None,
        stream: str | None = None,
        problem: str | None = None,
        sha: str | None = None,
    ) -> None:
        """Add a line."""
        with self._lock:
            entry = Entry(
                word=word,
                writer=writer,
                event_id=event.event_id,
                key=key_of(event),
                type=type(event).__name__,
                at=round(time.monotonic() - self._begun, 3),
                place=place,
                stream=stream,
                problem=problem,
                sha=sha,
            )
            self.entries.append(entry)
            if self._file:
                self._file.write(msgspec.json.encode(entry) + b"\n")

    def close(self) -> None:
        """End the file."""
        if self._file:
            self._file.close()

    @property
    def acknowledged(self) -> dict[tuple[str, int], int]:
        """Return behind which offset of each partition nothing is acknowledged."""
        ends: dict[tuple[str, int], int] = {}
        with self._lock:
            places = [entry.place for entry in self.entries if entry.place is not None]
        for topic, partition, offset in places:
            ends[topic, partition] = max(ends.get((topic, partition), 0), offset + 1)
        return ends


class Recorded:
    """A transport that writes into the history what is sent over it, and keeps what may be in the log or not."""

    def __init__(self, transport: Transport, history: History, writer: str) -> None:
        self._transport = transport
        self._history = history
        self._writer = writer
        self._streams = itertools.count(1)
        self.unknown: dict[str, AnyEvent] = {}
        """Events that nobody knows of whether they are in the log, oldest first."""

    def send(self, event: AnyEvent) -> Receipt:
        """Send one event and wait for its receipt."""
        self._history.note(self._writer, "invoked", event, sha=_sha_of(event))
        try:
            receipt = self._transport.send(event)
        except NewsroomError as error:
            self._settle(event, Refusal(event_id=event.event_id, error=error))
            raise
        self._settle(event, receipt)
        return receipt

    def send_all(self, events: Iterable[Sendable]) -> Iterator[SendResult]:
        """Send many events, each by itself in the stream, and return what became of each."""
        sent = [event for event in events if not isinstance(event, Refusal | tuple | None)]
        stream = f"{self._writer}-{next(self._streams)}"
        for event in sent:
            self._history.note(self._writer, "invoked", event, stream=stream, sha=_sha_of(event))
        for event, settled in zip(sent, self._transport.send_all(sent), strict=True):
            self._settle(event, settled, stream)
            yield settled

    def _settle(self, event: AnyEvent, settled: SendResult, stream: str | None = None) -> None:
        if isinstance(settled, Receipt):
            self.unknown.pop(event.event_id, None)
            place = (settled.topic, settled.partition, settled.offset)
            self._history.note(self._writer, "acknowledged", event, place=place, stream=stream)
        elif _may_be_in_the_log(settled.error):
            self.unknown[event.event_id] = event
            self._history.note(self._writer, "unknown", event, stream=stream, problem=str(settled.error))
        else:
            self._history.note(self._writer, "failed", event, stream=stream, problem=str(settled.error))


def _sha_of(event: AnyEvent) -> str:
    return hashlib.sha256(CODEC.encode(event).value).hexdigest()


def _may_be_in_the_log(error: NewsroomError) -> bool:
    """Return whether an error leaves it open, by what the error says of itself."""
    return isinstance(error, OvertakenError) or (isinstance(error, BrokerAwayError) and error.event_id is not None)
