"""What became of a record: one outcome each, with a name.

``Applied`` changed the state; ``Duplicate`` was decided before; a ``Rejected`` is wrong for ever and says why;
``Parked`` is not understood yet; ``Skipped`` was parked and is given up.
"""

from __future__ import annotations

from typing import Any

import msgspec

from newsroom_schemas.rejections import Rejected


class Applied(msgspec.Struct, frozen=True):
    """The event changed the state of its article or of the tag catalogue."""


class Duplicate(msgspec.Struct, frozen=True):
    """The event had been decided before; ``differs`` when it came with another body."""

    differs: bool


class Parked(msgspec.Struct, frozen=True):
    """The record waits for a build that understands it, or for those before it."""

    stage: str
    """``decode``, ``fold``, ``projection``, or ``behind`` for one that waits for another."""
    error: str


class Skipped(msgspec.Struct, frozen=True):
    """The parked record was given up by a ``RecordSkipped``."""


Outcome = Applied | Duplicate | Rejected | Parked | Skipped


class OutcomeColumns(msgspec.Struct, frozen=True):
    """An outcome as an event row keeps it."""

    outcome: str
    reason: str | None = None
    facts: dict[str, Any] = {}
    differs: bool = False
    decided: bool = False
    """Whether the event's id counts as decided from here on."""


_APPLIED = OutcomeColumns("applied", decided=True)


def to_columns(outcome: Outcome, *, record_level: bool) -> OutcomeColumns:
    """Say how an outcome is kept; a rejection of the record itself decides nothing about its event."""
    match outcome:
        case Applied():
            return _APPLIED
        case Duplicate(differs=differs):
            return OutcomeColumns("duplicate", differs=differs)
        case Rejected():
            return OutcomeColumns("rejected", outcome.reason, outcome.facts, decided=not record_level)
        case Parked(stage=stage, error=error):
            return OutcomeColumns("parked", facts={"stage": stage, "error": error})
        case Skipped():
            return OutcomeColumns("skipped")
