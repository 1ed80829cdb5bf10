"""Conversion of instants, which are whole microseconds since the epoch, UTC, to the forms that people and JSON use.

>>> to_rfc3339(1_738_953_300_000_000)
'2025-02-07T18:35:00.000000Z'
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""The instant 0."""


def to_datetime(instant: int) -> datetime:
    """Return an instant as an aware datetime, UTC. Raise OverflowError outside the years 1 to 9999."""
    return EPOCH + timedelta(microseconds=instant)


def to_rfc3339(instant: int) -> str:
    """Return an instant as RFC 3339, UTC, with six digits and ``Z``."""
    return to_datetime(instant).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
