"""The option ``--until``: where a fold of the log ends, written as an instant or as offsets of partitions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

import click

from newsroom_infra.cli.shared.instants import instant_given
from newsroom_schemas.errors import Kind, NewsroomError
from newsroom_schemas.topics import ARTICLES

if TYPE_CHECKING:
    from newsroom_consumers.log.log import LogExtent
    from newsroom_consumers.log.record import Partition

_OFFSET = re.compile(r"(?:([A-Za-z0-9._-]+)/)?(\d{1,9}):(\d{1,18})")

with_until = click.option(
    "--until",
    metavar="TIME|P:OFFSET,…",
    help="End before the first record stamped later than TIME (RFC 3339, or local time), or before offsets: 3:120 is "
    "offset 120 of partition 3 of the articles, tags/0:5 offset 5 of partition 0 of the tags. Partitions without an "
    "offset are read to their end. Default: the end of the log as it is now.",
)


class UnknownPartitionError(NewsroomError):
    """A cut names a partition that the log does not have."""

    kind: ClassVar[Kind] = Kind.USAGE

    def __init__(self, written: str, there: list[str]) -> None:
        """``written`` is the partition as it was written, ``there`` are those that exist."""
        super().__init__(f"the log has no partition {written!r}: it has {', '.join(there)}")
        self.written = written


class TwiceError(NewsroomError):
    """A cut names one partition twice."""

    kind: ClassVar[Kind] = Kind.USAGE

    def __init__(self, written: str) -> None:
        """``written`` is the cut as it was written."""
        super().__init__(f"{written!r} names a partition twice: give one offset for each")
        self.written = written


def parse_cut(written: str | None, log: LogExtent) -> dict[Partition, int]:
    """Return the cut that ``written`` names; for ``None`` the end of the log as it is now.

    Raises ``UnknownPartitionError``, ``TwiceError``, ``InstantError``, and ``LogError``.
    """
    from newsroom_consumers.log.cut import cut_at, end_of

    if written is None:
        return end_of(log)
    parts = [_OFFSET.fullmatch(part.strip()) for part in written.split(",")]
    if not all(parts):
        return cut_at(log, instant_given(written))
    named = [(_partition(part[1] or ARTICLES, int(part[2]), log), int(part[3])) for part in parts if part]
    if len(dict(named)) < len(named):
        raise TwiceError(written)
    return end_of(log) | dict(named)


def _partition(topic: str, number: int, log: LogExtent) -> Partition:
    """Return the partition of a number and a topic, which is named whole or by its last part."""
    from newsroom_consumers.log.record import Partition

    for name, count in log.partitions.items():
        if topic in {name, name.rpartition(".")[2]} and number < count:
            return Partition(name, number)
    there = [f"{name}/0 to {count - 1}" for name, count in log.partitions.items()]
    raise UnknownPartitionError(f"{topic}/{number}", there)
