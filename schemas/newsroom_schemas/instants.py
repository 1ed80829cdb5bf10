"""Instants as the outside writes them; inside they are whole microseconds since the epoch, UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""Where the microseconds are counted from."""


def to_datetime(instant: int) -> datetime:
    """Give the aware datetime, UTC, of an instant; raise OverflowError outside the years 1 to 9999."""
    return EPOCH + timedelta(microseconds=instant)


def to_rfc3339(instant: int) -> str:
    """Write an instant as RFC 3339, UTC, with six digits and ``Z``."""
    return to_datetime(instant).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
