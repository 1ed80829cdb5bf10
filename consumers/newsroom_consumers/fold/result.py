"""What a batch has changed, to be stored in one transaction."""

from __future__ import annotations

import msgspec

from newsroom_consumers.fold.aggregate import Aggregate
from newsroom_consumers.fold.outcome import Outcome, Parked
from newsroom_consumers.fold.record_rules import JudgedRecord
from newsroom_consumers.log.record import Address
from newsroom_consumers.projections import Row
from newsroom_schemas.fold.state import Tag


class Refold(msgspec.Struct, kw_only=True):
    """Records of earlier batches to fold again in front of a batch. The rows that they made are replaced."""

    records: list[JudgedRecord] = []
    aggregates: dict[str, Aggregate] = {}
    """The aggregates as they were before these records."""
    from_start: set[str] = set()
    """Ids of the aggregates that are folded again from their first record."""


class FoldResult(msgspec.Struct, kw_only=True):
    """What a batch has changed, to be stored in one transaction."""

    outcomes: dict[Address, tuple[JudgedRecord, Outcome]] = {}
    changed: dict[str, Aggregate] = {}
    pages: dict[tuple[str, str], tuple[Row, ...]] = {}
    """The rows of all projections, for the last page of each article and language."""
    replaced: set[tuple[str, str]] = set()
    """Keys of ``pages`` that may already have rows in the database."""
    parked: dict[Address, tuple[JudgedRecord, Parked, tuple[str, ...]]] = {}
    """Parked records, each with the languages that it hides."""
    queues: dict[str, list[JudgedRecord]] = {}
    """The parked records, in order, of each aggregate that had none before the batch."""
    covered: dict[tuple[str, str], tuple[Row, ...] | None] = {}
    """The page of each hidden edition as the batch had shown it; ``None`` if it is the one in the database."""
    tags: dict[str, Tag] = {}
    refold: Refold = msgspec.field(default_factory=Refold)
