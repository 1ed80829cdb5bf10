"""The subject of a public table's rows, declared with the table, so that a comparison can name what differs.

Example::

    TAG = Table("tag", METADATA, text("tag_id", key=True), info=Subject.TAG.info)
"""

from __future__ import annotations

from enum import Enum
from typing import Any

from sqlalchemy import Table

_KEY = "subject"


class Subject(Enum):
    """What a row describes, and the columns that identify it."""

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
        """The ``info`` of a table with such rows."""
        return {_KEY: self}


def subject_of(table: Table) -> Subject | None:
    """Return the subject of a table's rows, or ``None`` if the table declares none."""
    found: Subject | None = table.info.get(_KEY)
    return found
