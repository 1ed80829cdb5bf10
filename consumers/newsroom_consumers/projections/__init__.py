"""The projections: what readers see, one vertical file each. ``PROJECTIONS`` is the only list of them.

A projection is a module with

* ``VERSION``, an integer raised by hand when it would give other rows for the same events,
* ``TABLES``, each with the columns ``article_id`` and ``language``,
* ``rows(page)``, the rows that one edition's published state makes, a pure function; they replace the edition's earlier
  rows,
* its queries, which take a connection.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from sqlalchemy import Table

from newsroom_consumers.projections import published, tags, timeline
from newsroom_schemas.fold.state import Page

Row = tuple[Table, tuple[Any, ...]]
"""A row of a projection: its table, and its values in the order of the table's columns."""


class Projection(Protocol):
    """What the loop knows of a projection."""

    VERSION: int
    TABLES: tuple[Table, ...]

    def rows(self, page: Page) -> Iterator[Row]:
        """Give the rows that the page makes."""


PROJECTIONS: Mapping[str, Projection] = {"published": published, "tags": tags, "timeline": timeline}

PUBLIC = frozenset(table.name for shown in (published, tags, timeline) for table in shown.METADATA.sorted_tables)
"""Names of the tables that readers may see; no draft, embargoed or withdrawn text is in them."""
