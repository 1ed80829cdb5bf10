"""Instants as people write them on the command line: RFC 3339, or a local time of the newsroom.

>>> instant("2025-02-07T18:35:00Z", ZoneInfo("Europe/Kyiv"))
1738953300000000
>>> instant("2025-02-07 20:35", ZoneInfo("Europe/Kyiv"))    # in the newsroom's zone, if it is one instant there
1738953300000000
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import ClassVar
from zoneinfo import ZoneInfo

from newsroom_infra.settings import load
from newsroom_schemas.errors import Kind, NewsroomError
from newsroom_schemas.instants import to_datetime, to_microseconds

_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_CLOCK = r"[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?"
_OFFSET = r"Z|[+-][0-9]{2}:[0-9]{2}"
_TIME = re.compile(rf"({_DATE})[T ]({_CLOCK})({_OFFSET})?", re.IGNORECASE)


class InstantError(NewsroomError):
    """A text names no instant, or two."""

    kind: ClassVar[Kind] = Kind.USAGE

    def __init__(self, text: str, problem: str) -> None:
        """``problem`` is what is wrong with the text."""
        super().__init__(f"{text!r} {problem}")
        self.text = text
        self.problem = problem


def instant_given(text: str) -> int:
    """Return the instant of a command-line argument; a local time is in the newsroom's zone. A parameter type of click.

    Raises ``InstantError``.
    """
    return instant(text, ZoneInfo(load().timezone))


def instant(text: str, zone: ZoneInfo) -> int:
    """Return the instant (microseconds since the epoch, UTC) of an RFC 3339 text, or of a local time of a zone.

    Digits after the sixth of a second are dropped. Raises ``InstantError`` for any other text, and for a local time
    that the zone skips or has twice.
    """
    found = _TIME.fullmatch(text.strip())
    if found is None:
        hint = f": write the time of day too, such as '{text} 20:35'" if re.fullmatch(_DATE, text) else _FORMS
        raise InstantError(text, f"is not an instant{hint}")
    date, clock, offset = found.groups()
    try:
        at = datetime.fromisoformat(f"{date}T{clock}{(offset or '').upper()}")
        at = at if at.tzinfo else _local(text, at, zone)
        microseconds = to_microseconds(at)
        to_datetime(microseconds)
    except (ValueError, OverflowError) as error:
        raise InstantError(text, f"is not an instant: {error}") from error
    return microseconds


_FORMS = ": write 2025-02-07T18:35:00Z, 2025-02-07T20:35:00+02:00, or the local time 2025-02-07 20:35"


def _local(text: str, wall: datetime, zone: ZoneInfo) -> datetime:
    """Return the one instant at which clocks of a zone show a time. Raises ``InstantError``."""
    first, second = (wall.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    before, after = first.utcoffset(), second.utcoffset()
    if before is None or after is None or before == after:
        return first
    problem = "comes twice" if before > after else "does not exist"
    raise InstantError(
        text,
        f"{problem} in {zone.key}, where the clocks change then: write {first.isoformat()} or {second.isoformat()}",
    )
