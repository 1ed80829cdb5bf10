"""Instants at the edge: aware datetimes and RFC 3339 texts become whole microseconds since the epoch, UTC."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Annotated

import msgspec

from newsroom_schemas.instants import EPOCH

_MICROSECOND = timedelta(microseconds=1)
_FINER = re.compile(r"\.\d{7}")
_Aware = Annotated[datetime, msgspec.Meta(tz=True)]


def to_microseconds(instant: datetime) -> int:
    """Count the microseconds from the epoch to an instant; raise ValueError when it has no time zone."""
    if instant.utcoffset() is None:
        message = f"{instant.isoformat()} has no time zone: give an aware datetime, such as datetime.now(UTC)"
        raise ValueError(message)
    return (instant - EPOCH) // _MICROSECOND


def from_rfc3339(text: str) -> int:
    """Read an RFC 3339 instant of any offset, as fine as a microsecond; raise ValueError when the text is none."""
    if _FINER.search(text):
        message = f"{text!r} is finer than a microsecond: give six digits of a second at most"
        raise ValueError(message)
    try:
        return to_microseconds(msgspec.convert(text, _Aware))
    except msgspec.ValidationError:
        message = f"{text!r} is no RFC 3339 instant with an offset, such as 2025-02-07T18:35:00Z"
        raise ValueError(message) from None
