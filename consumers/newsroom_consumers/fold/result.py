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
    """Records of earlier batches to fold once more, in front of a batch: what was made of them is replaced."""

    records: list[JudgedRecord] = []
    aggregates: dict[str, Aggregate] = {}
    """The aggregates as they stood before these records."""
    from_start: set[str] = set()
    """Those of them that are folded from their first record."""


class FoldResult(msgspec.Struct, kw_only=True):
    """What a batch has changed, to be stored in one transaction."""

    outcomes: dict[Address, tuple[JudgedRecord, Outcome]] = {}
    changed: dict[str, Aggregate] = {}
    pages: dict[tuple[str, str], tuple[Row, ...]] = {}
    """Rows of all projections by article and language; the last page of each only."""
    replaced: set[tuple[str, str]] = set()
    """Those of ``pages`` that may have rows in the database already."""
    parked: dict[Address, tuple[JudgedRecord, Parked, tuple[str, ...]]] = {}
    """Parked records with the languages that they hide."""
    queues: dict[str, list[JudgedRecord]] = {}
    """The parked records, in order, of each aggregate that was not parked before."""
    covered: dict[tuple[str, str], tuple[Row, ...] | None] = {}
    """What the batch had put before readers of each edition that it hides; ``None``: what is in the database."""
    tags: dict[str, Tag] = {}
    refold: Refold = msgspec.field(default_factory=Refold)
