"""The log as the loop sees it: partitions to read, and the ways in which that can fail."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar, NamedTuple, Protocol

from newsroom_consumers.log.record import Partition, Record
from newsroom_schemas.errors import Kind, NewsroomError


class LogError(NewsroomError):
    """The log cannot be read now; the worker tries again."""

    kind: ClassVar[Kind] = Kind.UNDECIDED


class UnreadableRecordError(LogError):
    """Kafka's client cannot take a batch apart: torn on its way, or made by a client that breaks the protocol."""

    def __init__(self, problem: str, positions: Mapping[Partition, int]) -> None:
        """Take what the client said and where the reader stands, partition by partition."""
        stands = ", ".join(f"{at.topic}/{at.partition} at {offset}" for at, offset in sorted(positions.items()))
        super().__init__(
            f"a record cannot be read ({problem}): {stands}. That partition stands still until the worker is started "
            "again, all others go on; look at the record with another client"
        )
        self.problem = problem
        self.positions = positions


class LogAwayError(LogError):
    """Kafka does not answer; the worker goes on as soon as it does."""

    def __init__(self, bootstrap: str, problem: str) -> None:
        """Take the bootstrap servers and what the client said."""
        super().__init__(
            f"Kafka at {bootstrap} does not answer ({problem}): is it running? `newsroom status` shows the local one"
        )
        self.bootstrap = bootstrap
        self.problem = problem


class MissingTopicError(NewsroomError):
    """A topic of the log does not exist."""

    def __init__(self, bootstrap: str, topic: str) -> None:
        """Take the bootstrap servers and the topic's name."""
        super().__init__(
            f"Kafka at {bootstrap} has no topic {topic}: `newsroom up` creates it, `newsroom topics check` says more"
        )
        self.bootstrap = bootstrap
        self.topic = topic


class LogMismatchError(NewsroomError):
    """The log is not the one that the generation has folded; nothing has been changed."""

    def __init__(self, partition: Partition, problem: str) -> None:
        """Name the partition and what differs."""
        super().__init__(
            f"{partition.topic}/{partition.partition} is not the log that this generation has folded: {problem}. Point "
            "the worker at the right cluster and topics, or fold this log into a new generation (on a local stack, "
            "`newsroom reset` drops log and generations together)"
        )
        self.partition = partition
        self.problem = problem


class Bounds(NamedTuple):
    """The offsets of the first record of a partition, and of the next one to be appended."""

    first: int
    end: int


class Polled(NamedTuple):
    """Records in order for each partition, and the offset from which each partition will be read on."""

    records: Sequence[Record]
    positions: Mapping[Partition, int]


class Log(Protocol):
    """Partitions of a log, some of them assigned to this reader. Every method raises ``LogError``."""

    def assigned(self) -> Mapping[Partition, int]:
        """Give the partitions that are this reader's now, each with the number of its term.

        Another number than before: the partition was taken away meanwhile, and has to be sought anew.
        """

    def poll(self, seconds: float) -> Polled:
        """Give what is there at once, or what comes within some seconds."""

    def seek(self, partition: Partition, offset: int) -> None:
        """Read a partition from an offset on."""

    def pause(self, partition: Partition) -> None:
        """Read nothing more of a partition until it is sought."""

    def bounds(self, partitions: Iterable[Partition]) -> Mapping[Partition, Bounds]:
        """Say where partitions begin and end; a poll fails if they are made anew from here on."""

    def offsets_after(self, instant: int, partitions: Iterable[Partition]) -> Mapping[Partition, int]:
        """Give the offset of the first record of each partition that is stamped later than an instant (microseconds).

        A partition without such a record is left out.
        """

    def records_at(self, offsets: Mapping[Partition, int]) -> Mapping[Partition, Record]:
        """Read single records, apart from polling; one that the log does not have is left out."""

    def records_of(self, partition: Partition, offsets: Sequence[int]) -> Sequence[Record]:
        """Read some records of one partition, in order, apart from polling; missing ones are left out."""

    def report(self, offsets: Mapping[Partition, int]) -> None:
        """Tell the log how far this reader is, for lag tools only."""

    def heartbeat(self, seconds: float) -> None:
        """Wait some seconds and remain a reader; nothing is read from here on of a partition until it is sought."""


class CountedLog(Log, Protocol):
    """A log that knows its topics."""

    @property
    def partitions(self) -> Mapping[str, int]:
        """Give the number of partitions of each topic."""
