"""Places in lists, and cursors for paging that stay valid while a list grows.

A list is ordered by place, ``(first_published_at, first_event_id, article_id)``, descending. A cursor is the place of
the last entry shown, encoded for URLs; the next page begins after it.

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
"""Limited to what the database can compare, because a cursor is input from outside."""


class Place(NamedTuple):
    """The sort key of an article's entry in every list."""

    first_published_at: _Instant
    first_event_id: _Id
    article_id: _Id


class InvalidCursorError(NewsroomError):
    """A text is not a cursor that this program has made."""

    kind: ClassVar[Kind] = Kind.USAGE

    def __init__(self, cursor: str) -> None:
        """``cursor`` is the text that was given."""
        super().__init__(f"not a valid cursor: {cursor!r}; use the value of 'next' from the page before")
        self.cursor = cursor


def to_cursor(place: Place) -> str:
    """Return the cursor of a place."""
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


def from_cursor(cursor: str) -> Place:
    """Return the place of a cursor. Raises ``InvalidCursorError``."""
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        return msgspec.json.decode(raw, type=Place)
    except (ValueError, binascii.Error, msgspec.MsgspecError) as error:
        raise InvalidCursorError(cursor) from error
