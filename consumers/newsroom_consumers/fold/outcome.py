"""What became of a record. Every record has one outcome.

* ``Applied``: it changed the state.
* ``Duplicate``: its event had been decided before.
* ``Rejected``: it breaks a rule, which is named, and will never be applied.
* ``Parked``: this build cannot fold it yet.
* ``Skipped``: it was parked, and an editor has skipped it.
"""

from __future__ import annotations

from typing import Any

import msgspec

from newsroom_schemas.rejections import Rejected


class Applied(msgspec.Struct, frozen=True):
    """The event changed the state of its article or of the tag catalogue."""


class Duplicate(msgspec.Struct, frozen=True):
    """The event had been decided before; ``differs`` if its body is not the same this time."""

    differs: bool


class Parked(msgspec.Struct, frozen=True):
    """The record waits for a build that can fold it, or for records parked before it."""

    stage: str
    """Where it failed: ``decode``, ``fold`` or ``projection``; ``behind`` if it waits for another record."""
    error: str


class Skipped(msgspec.Struct, frozen=True):
    """The record was parked, and a ``RecordSkipped`` names it."""


Outcome = Applied | Duplicate | Rejected | Parked | Skipped


class OutcomeColumns(msgspec.Struct, frozen=True):
    """An outcome as columns of an event row."""

    outcome: str
    reason: str | None = None
    facts: dict[str, Any] = {}
    differs: bool = False
    decided: bool = False
    """True if the event's id counts as decided from here on."""


_APPLIED = OutcomeColumns("applied", decided=True)


def to_columns(outcome: Outcome, *, record_level: bool) -> OutcomeColumns:
    """Return an outcome as columns. A ``record_level`` rejection decides nothing about the event's id."""
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
