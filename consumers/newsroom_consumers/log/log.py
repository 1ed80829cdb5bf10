"""What a log can do, in three parts, and the ways in which reading it can fail.

* ``LogStream``: its partitions are followed, record by record, from an offset on.
* ``LogExtent``: where its partitions begin and end.
* ``LogRecords``: single records are read by their offsets.

A function asks for the part that it needs, or for ``Log``, which is all three.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar, NamedTuple, Protocol

from newsroom_consumers.log.record import Partition, Record
from newsroom_schemas.errors import Kind, NewsroomError


class LogError(NewsroomError):
    """The log cannot be read now. A worker tries again."""

    kind: ClassVar[Kind] = Kind.UNDECIDED


class UnreadableRecordError(LogError):
    """Kafka's client cannot decode a batch: it is damaged, or another client has broken the protocol."""

    def __init__(self, problem: str, positions: Mapping[Partition, int]) -> None:
        """``problem`` is the client's message; ``positions`` are the offsets that the reader was to read next."""
        stands = ", ".join(f"{at.topic}/{at.partition} at {offset}" for at, offset in sorted(positions.items()))
        super().__init__(
            f"a record cannot be read ({problem}): {stands}. That partition stops until the worker is "
            "restarted; the others go on. Look at the record with another client"
        )
        self.problem = problem
        self.positions = positions


class LogAwayError(LogError):
    """Kafka does not answer. A worker goes on as soon as it does."""

    def __init__(self, bootstrap: str, problem: str) -> None:
        """``problem`` is the client's message."""
        super().__init__(
            f"Kafka at {bootstrap} does not answer ({problem}): is it running? `newsroom status` shows the local one"
        )
        self.bootstrap = bootstrap
        self.problem = problem


class MissingTopicError(NewsroomError):
    """A topic of the log does not exist."""

    def __init__(self, bootstrap: str, topic: str) -> None:
        """``bootstrap`` names the servers that were asked."""
        super().__init__(
            f"Kafka at {bootstrap} has no topic {topic}: `newsroom up` creates it, `newsroom topics check` says more"
        )
        self.bootstrap = bootstrap
        self.topic = topic


class LogMismatchError(NewsroomError):
    """The log is not the one that the generation has folded. Nothing has been changed."""

    kind: ClassVar[Kind] = Kind.REFUSED

    def __init__(self, partition: Partition, problem: str) -> None:
        """``problem`` is what differs."""
        super().__init__(
            f"{partition.topic}/{partition.partition} is not the log that this generation has folded: {problem}. Point "
            "the worker at the right cluster and topics, or fold this log into a new generation (on a local stack, "
            "`newsroom reset` drops log and generations together)"
        )
        self.partition = partition
        self.problem = problem


class Bounds(NamedTuple):
    """The offset of the first record of a partition, and the offset that the next one will get."""

    first: int
    end: int


class Polled(NamedTuple):
    """Records, in order within each partition, and the offset of each partition's next record."""

    records: Sequence[Record]
    positions: Mapping[Partition, int]


class LogStream(Protocol):
    """Partitions of a log, read one record after another. Every method raises ``LogError``."""

    def assigned(self) -> Mapping[Partition, int]:
        """Return the partitions that this reader holds now, each with the number of its term.

        A number that differs from the last one means that the partition was taken away in between: seek it again.
        """

    def poll(self, seconds: float) -> Polled:
        """Return the records that are there, or those that arrive within some seconds."""

    def seek(self, partition: Partition, offset: int) -> None:
        """Read a partition from an offset on."""

    def pause(self, partition: Partition) -> None:
        """Read nothing more of a partition until it is sought."""

    def report(self, offsets: Mapping[Partition, int]) -> None:
        """Report the next offset of each partition to the log, for lag tools only."""

    def heartbeat(self, seconds: float) -> None:
        """Wait some seconds and stay a reader. Afterwards, partitions are read again only once they are sought."""


class LogExtent(Protocol):
    """Where the partitions of a log begin and end. Every method raises ``LogError``."""

    @property
    def partitions(self) -> Mapping[str, int]:
        """The number of partitions of each topic."""

    def bounds(self, partitions: Iterable[Partition]) -> Mapping[Partition, Bounds]:
        """Return where partitions begin and end; a poll fails if their topics are created anew after this call."""

    def offsets_after(self, instant: int, partitions: Iterable[Partition]) -> Mapping[Partition, int]:
        """Return the offset of the first record of each partition stamped later than an instant (microseconds).

        Partitions without such a record are left out.
        """


class LogRecords(Protocol):
    """Single records of a log, read without moving its stream. Every method raises ``LogError``."""

    def records_at(self, offsets: Mapping[Partition, int]) -> Mapping[Partition, Record]:
        """Return one record of each partition; those that the log does not have are left out."""

    def records_of(self, partition: Partition, offsets: Sequence[int]) -> Sequence[Record]:
        """Return some records of one partition, in log order; those that the log does not have are left out."""


class Log(LogStream, LogExtent, LogRecords, Protocol):
    """A whole log: its stream, its extent and its single records."""
