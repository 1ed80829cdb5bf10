"""What the rows of a public table are about, declared with the table, so that a comparison names what differs.

Example::

    TAG = Table("tag", METADATA, text("tag_id", key=True), info=Subject.TAG.info)
"""

from __future__ import annotations

from enum import Enum
from typing import Any

from sqlalchemy import Table

_KEY = "subject"


class Subject(Enum):
    """What one row is about."""

    PAGE = "page"
    """An edition that readers can open: ``article_id``, ``language``."""
    WITHDRAWAL = "withdrawal"
    """An edition that is gone: ``article_id``, ``language``."""
    ENTRY = "entry"
    """An article in a list: ``article_id``, ``language``, and ``tag_id`` if the list is a tag page."""
    TAG = "tag"
    """A tag of the catalogue: ``tag_id``."""

    @property
    def info(self) -> dict[Any, Any]:
        """What a table of such rows has as its ``info``."""
        return {_KEY: self}


def subject_of(table: Table) -> Subject | None:
    """Return what the rows of a table are about; ``None`` where it does not say."""
    found: Subject | None = table.info.get(_KEY)
    return found
