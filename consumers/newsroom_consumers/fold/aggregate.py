"""What the fold of a batch knows of one article, or of the tag catalogue."""

from __future__ import annotations

import msgspec

from newsroom_schemas.fold.state import Article, Catalogue


class Aggregate(msgspec.Struct, kw_only=True):
    """What a generation knows of one article, or of the tag catalogue. The fold changes it in place."""

    id: str
    article: Article | None = None
    stored: Article | None = None
    """The article as the database has it."""
    catalogue: Catalogue = {}
    decided: dict[str, bytes] = {}
    """The hash of the value of each decided event, by event id."""
    parked: bool = False
    hidden: set[str] = set()
    """Languages whose pages are hidden by withdrawals among the parked records."""
    last_offset: int = -1
    """The offset of the last applied event."""
