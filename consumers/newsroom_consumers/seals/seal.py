"""A seal: how far a generation had folded each partition at a date, and the chain of all records up to that point.

Example::

    seals = read_seals(Path("seals.jsonl"))
    verdict = SealCheck(seals, log).run(progress)

A seal that is kept somewhere else proves later that no record before it was altered, removed, added or moved.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, ClassVar, Literal, NamedTuple

import msgspec
from msgspec import Meta

from newsroom_consumers.files import ABSENT, readable, writable
from newsroom_consumers.log.record import Partition
from newsroom_schemas.errors import Kind, NewsroomError

Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
"""A SHA-256 in lower-case hex."""
Count = Annotated[int, Meta(ge=0, le=2**63 - 1)]
"""An offset or a count."""
Instant = Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z\Z")]
"""RFC 3339, UTC, six digits."""
TopicName = Annotated[str, Meta(pattern=r"^(?!\.{1,2}\Z)[A-Za-z0-9._-]{1,249}\Z")]
"""A topic name that Kafka allows."""


class SealedPartition(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One partition in a seal: a copy of the generation's cursor."""

    topic: TopicName
    partition: Count
    next_offset: Count
    """The offset after everything that is sealed."""
    last_offset: Count | None
    """The offset of the last sealed record; null if there is none."""
    last: Sha256 | None
    """The hash of that record."""
    chain: Sha256
    """The chain after that record."""


class Seal(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The state of a log's partitions at a date. Written as one line of JSON."""

    format: Literal[1]
    sealed_at: Instant
    generation: str | None
    """The generation whose cursors these are; null for the seal of an export."""
    cursors: tuple[SealedPartition, ...]

    def line(self) -> bytes:
        """Return the seal as a line of JSON."""
        return msgspec.json.encode(self) + b"\n"


class MalformedSealsError(NewsroomError):
    """A line of a file of seals is not a seal."""

    kind: ClassVar[Kind] = Kind.USAGE

    def __init__(self, path: Path, line: int, problem: str) -> None:
        """``line`` is the line's number, from 1; ``problem`` is what is wrong with it."""
        super().__init__(
            f"{path}, line {line}: {problem}; every line must be a seal, as printed by `newsroom audit seal`"
        )
        self.path = path
        self.line = line
        self.problem = problem


class NoSealsError(NewsroomError):
    """There is no file of seals at the path."""

    kind: ClassVar[Kind] = Kind.USAGE

    def __init__(self, path: Path, reason: str) -> None:
        """``reason`` is the operating system's."""
        super().__init__(f"{path} is not a file of seals: {reason}. `newsroom audit seal >> FILE` makes one")
        self.path = path
        self.reason = reason


class SealedMark(NamedTuple):
    """One partition of one seal in a file."""

    number: int
    """The seal's line number, from 1."""
    sealed_at: str
    next_offset: int
    last_offset: int | None
    last: bytes | None
    chain: bytes


class SealFile(NamedTuple):
    """The seals of a file."""

    path: Path
    lines: Sequence[int]
    """Line numbers of the seals."""
    marks: Mapping[Partition, Sequence[SealedMark]]
    """The seals of each partition, the smallest offset first."""


def read_seals(path: Path) -> SealFile:
    """Return the seals of a file. Raises ``NoSealsError``, ``MalformedSealsError`` and ``UnreadableFileError``."""
    lines: list[int] = []
    marks: dict[Partition, list[SealedMark]] = {}
    for number, line in _lines(path):
        lines.append(number)
        for at, mark in _marks(path, number, line):
            marks.setdefault(at, []).append(mark)
    if not lines:
        raise MalformedSealsError(path, 1, "it is empty")
    for found in marks.values():
        found.sort(key=lambda mark: mark.next_offset)
    return SealFile(path, lines, marks)


def append_seal(path: Path, line: bytes) -> None:
    """Append a seal's line to a file. Raises ``UnwritableFileError``."""
    with writable(path), path.open("ab") as file:
        file.write(line)


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield the number and text of each line that is not blank."""
    try:
        with readable(path), path.open("rb") as file:
            yield from ((number, line) for number, line in enumerate(file, start=1) if line.strip())
    except ABSENT as error:
        raise NoSealsError(path, error.strerror or str(error)) from error


def _marks(path: Path, number: int, line: bytes) -> Iterable[tuple[Partition, SealedMark]]:
    """Return the partitions of the seal on one line."""
    try:
        seal = msgspec.json.decode(line, type=Seal)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MalformedSealsError(path, number, str(error)) from error
    found = {Partition(each.topic, each.partition): _mark(number, seal.sealed_at, each) for each in seal.cursors}
    if len(found) < len(seal.cursors):
        raise MalformedSealsError(path, number, "it lists a partition twice")
    return found.items()


def _mark(number: int, sealed_at: str, each: SealedPartition) -> SealedMark:
    last = None if each.last is None else bytes.fromhex(each.last)
    return SealedMark(number, sealed_at, each.next_offset, each.last_offset, last, bytes.fromhex(each.chain))
