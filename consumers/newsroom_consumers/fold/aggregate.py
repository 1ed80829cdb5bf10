"""What a fold needs to know of one article, or of the tag catalogue."""

from __future__ import annotations

import msgspec

from newsroom_schemas.fold.state import Article, Catalogue


class Aggregate(msgspec.Struct, kw_only=True):
    """What a generation knows of one article, or of the tag catalogue; the only thing here that changes."""

    id: str
    article: Article | None = None
    stored: Article | None = None
    """The article as the database has it."""
    catalogue: Catalogue = {}
    decided: dict[str, bytes] = {}
    """Hash of the value of each event decided, by event id."""
    parked: bool = False
    hidden: set[str] = set()
    """Languages that withdrawals among the parked records hide."""
    last_offset: int = -1
    """Offset of the last event applied."""
