"""The projections: what readers see, one vertical file each. ``PROJECTIONS`` is the only list of them.

A projection is a module with

* ``VERSION``, an integer raised by hand when it would give other rows for the same events,
* ``TABLES``, each with the columns ``article_id`` and ``language``, and of a ``MetaData`` that no other projection has,
* ``rows(page)``, the rows that one edition's published state makes, a pure function; they replace the edition's earlier
  rows,
* its queries, which take a connection.

Where two generations differ, a row is named by its table's ``Subject``, or as a row of that table if it declares none.
One projection keeps the tag catalogue besides: it is a ``CatalogueProjection``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol, runtime_checkable

from sqlalchemy import Connection, MetaData, Table

from newsroom_consumers.projections import published, tags, timeline
from newsroom_schemas.fold.state import Catalogue, Page, Tag

Row = tuple[Table, tuple[Any, ...]]
"""A row of a projection: its table, and its values in the order of the table's columns."""


class Projection(Protocol):
    """What the loop knows of a projection."""

    VERSION: int
    TABLES: tuple[Table, ...]

    def rows(self, page: Page) -> Iterator[Row]:
        """Give the rows that the page makes."""


@runtime_checkable
class CatalogueProjection(Projection, Protocol):
    """A projection that keeps the tag catalogue, too; the fold has it from there."""

    TAG: Table
    """The catalogue, keyed by the tag's id."""

    def catalogue_row(self, tag: Tag) -> tuple[Any, ...]:
        """Return the row of one tag."""

    def catalogue(self, connection: Connection) -> Catalogue:
        """Load the whole catalogue."""


PROJECTIONS: Mapping[str, Projection] = {"published": published, "tags": tags, "timeline": timeline}


def catalogue_projection() -> CatalogueProjection:
    """Return the projection that keeps the tag catalogue."""
    (keeper,) = (each for each in PROJECTIONS.values() if isinstance(each, CatalogueProjection))
    return keeper


def public_metadata() -> tuple[MetaData, ...]:
    """Return the metadata of every projection, in their order."""
    return tuple(each.TABLES[0].metadata for each in PROJECTIONS.values())


def public_names() -> frozenset[str]:
    """Return the names of the tables that readers may see; no draft, embargoed or withdrawn text is in them."""
    return frozenset(name for metadata in public_metadata() for name in metadata.tables)
