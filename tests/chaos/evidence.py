"""What a run of chaos leaves behind: a history of sends, the records of the log, and the tables of every generation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Literal, NamedTuple

import msgspec
from sqlalchemy import Table
from support.kit import CODEC, NOT_COMPARED, Tables

from newsroom_consumers.log.record import Address, Partition, Record
from newsroom_schemas.errors import UndecodableError
from newsroom_schemas.events import AnyEvent

Word = Literal["invoked", "acknowledged", "failed", "unknown"]


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of the history; lines are in the order in which things happened in the one process that sends."""

    word: Word
    """A send begins; or ends: it is in the log, it is not, or nobody knows."""
    writer: str
    event_id: str
    key: str
    """Article or tag."""
    type: str
    at: float = 0.0
    """Seconds since the beginning of the run."""
    place: Address | None = None
    """Where an acknowledged event is."""
    stream: str | None = None
    """Name of the stream of sends that it was a part of; such events are sent in order, and together."""
    problem: str | None = None
    """What was said instead of an acknowledgement."""
    sha: str | None = None
    """SHA-256 of the value that is sent, in hexadecimal; ``None`` where another program makes it."""


class Move(NamedTuple):
    """One write to a cursor's row, in the order of commits."""

    topic: str
    partition: int
    next_offset: int
    epoch: int
    session: str | None
    """Name of the process that wrote, where the database knows it."""
    owner: str | None = None
    """Who had taken the partition, as the row says."""


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """A generation as a run left it."""

    name: str
    live: bool
    tables: Tables
    trail: Sequence[Move] = ()

    @property
    def cursors(self) -> dict[Partition, int]:
        """Return how far each partition is folded."""
        return {Partition(topic, number): next_offset for topic, number, next_offset, *_ in self.tables["cursor"]}

    def rows(self, table: Table) -> Iterator[dict[str, Any]]:
        """Return the rows of a table by the names of its columns."""
        hidden = NOT_COMPARED.get(table.name, set())
        names = [column.name for column in table.columns if column.name not in hidden]
        return (dict(zip(names, row, strict=True)) for row in self.tables[table.name])


class Appended(NamedTuple):
    """A record of the log with its event; ``None`` where it has none."""

    record: Record
    event: AnyEvent | None

    @property
    def place(self) -> Address:
        """Return where it lies."""
        return (self.record.topic, self.record.partition, self.record.offset)

    @property
    def event_id(self) -> str | None:
        """Return its event's id."""
        return self.event.event_id if self.event else None


def place_of(row: Mapping[str, Any]) -> Address:
    """Return the place of the record of an event row."""
    return (row["topic"], row["partition"], row["offset"])


def appended(records: Sequence[Record]) -> list[Appended]:
    """Read records; one that is not an event is a record that nobody has sent."""
    return [Appended(each, _event_of(each)) for each in records]


def _event_of(record: Record) -> AnyEvent | None:
    with suppress(UndecodableError):
        return None if record.value is None else CODEC.decode(record.value, record.headers).event
    return None


class Finding(NamedTuple):
    """Something that must not be: its kind, where, and what it is."""

    kind: str
    where: str
    """The log, or a generation."""
    what: str

    def __str__(self) -> str:
        return f"{self.kind} ({self.where}): {self.what}"
