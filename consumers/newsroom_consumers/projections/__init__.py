"""The projections: what readers see, one vertical file each. ``PROJECTIONS`` is the only list of them.

A projection is a module with

* ``VERSION``, an integer that is increased by hand when the same events would make other rows,
* ``TABLES``, each with the columns ``article_id`` and ``language``, and of a ``MetaData`` that no other projection has,
* ``rows(page)``, a pure function: the rows of one edition's published state, which replace the edition's earlier rows,
* queries, which take a connection.

A comparison of generations names a row by its table's ``Subject``, or as a row of the table if it declares none.
One projection also keeps the tag catalogue: it is a ``CatalogueProjection``.
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
    """The part of a projection that the loop uses."""

    VERSION: int
    TABLES: tuple[Table, ...]

    def rows(self, page: Page) -> Iterator[Row]:
        """Yield the rows of a page."""


@runtime_checkable
class CatalogueProjection(Projection, Protocol):
    """A projection that also keeps the tag catalogue, which the fold loads from it."""

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
    """Return the names of the tables that readers may see. They contain no draft, embargoed or withdrawn text."""
    return frozenset(name for metadata in public_metadata() for name in metadata.tables)
