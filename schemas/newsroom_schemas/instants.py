"""Conversion of instants, whole microseconds since the epoch, UTC, from and to what people and JSON use.

>>> to_rfc3339(1_738_953_300_000_000)
'2025-02-07T18:35:00.000000Z'
>>> from_rfc3339("2025-02-07T20:35:00+02:00")
1738953300000000
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated

import msgspec

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""The instant 0."""
_MICROSECOND = timedelta(microseconds=1)
_FINER = re.compile(r"\.\d{7}")
_Aware = Annotated[datetime, msgspec.Meta(tz=True)]


def to_datetime(instant: int) -> datetime:
    """Return an instant as an aware datetime, UTC. Raise OverflowError outside the years 1 to 9999."""
    return EPOCH + timedelta(microseconds=instant)


def to_microseconds(instant: datetime) -> int:
    """Return an instant in microseconds since the epoch; raise ValueError when it has no time zone."""
    if instant.utcoffset() is None:
        message = f"{instant.isoformat()} has no time zone: give an aware datetime, such as datetime.now(UTC)"
        raise ValueError(message)
    return (instant - EPOCH) // _MICROSECOND


def to_rfc3339(instant: int) -> str:
    """Return an instant as RFC 3339, UTC, with six digits and ``Z``."""
    return to_datetime(instant).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def from_rfc3339(text: str) -> int:
    """Return an RFC 3339 instant of any offset in microseconds; raise ValueError for anything else."""
    if _FINER.search(text):
        message = f"{text!r} is finer than a microsecond: give six digits of a second at most"
        raise ValueError(message)
    try:
        return to_microseconds(msgspec.convert(text, _Aware))
    except msgspec.ValidationError:
        message = f"{text!r} is not an RFC 3339 instant with an offset, such as 2025-02-07T18:35:00Z"
        raise ValueError(message) from None
