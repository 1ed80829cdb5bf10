"""Pages of a list: places that stay right while the list grows.

A list is ordered by place, ``(first_published_at, first_event_id, article_id)``, descending. A cursor is the place of
the last entry shown, written so that it can stand in a URL; the next page begins behind it.

>>> from_cursor(to_cursor(Place(1_738_953_300_000_000, "0192", "storm"))).article_id
'storm'
"""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, ClassVar, NamedTuple

import msgspec

from newsroom_schemas.errors import Kind, NewsroomError

_Instant = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
_Id = Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9_-]{1,64}\Z")]
"""What the database can compare: a cursor is text from outside."""


class Place(NamedTuple):
    """Where an entry stands in every list."""

    first_published_at: _Instant
    first_event_id: _Id
    article_id: _Id


class InvalidCursorError(NewsroomError):
    """A cursor was not made by this program."""

    kind: ClassVar[Kind] = Kind.USAGE

    def __init__(self, cursor: str) -> None:
        """Take the text that was given as a cursor."""
        super().__init__(f"no cursor of ours: {cursor!r}; use the one that came as 'next' with the page before")
        self.cursor = cursor


def to_cursor(place: Place) -> str:
    """Write a place as a cursor."""
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


def from_cursor(cursor: str) -> Place:
    """Read a cursor. Raises ``InvalidCursorError``."""
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        return msgspec.json.decode(raw, type=Place)
    except (ValueError, binascii.Error, msgspec.MsgspecError) as error:
        raise InvalidCursorError(cursor) from error
