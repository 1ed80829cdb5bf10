"""The tag index: which live editions carry which tag, and the catalogue of the tags themselves.

An entry has the tag's id as written in the article; labels and redirects are looked up in the catalogue when read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Index, MetaData, Row, Table, select, tuple_

from newsroom_consumers.projections.columns import canonical, integer, text
from newsroom_consumers.projections.place import Place
from newsroom_consumers.projections.subject import Subject
from newsroom_schemas.fold.state import Catalogue, Page, Publication, Tag

VERSION: int = 1
METADATA = MetaData()

TAG_ENTRY = Table(
    "tag_entry",
    METADATA,
    text("tag_id", key=True),
    text("language", key=True),
    integer("first_published_at", key=True),
    text("first_event_id", key=True),
    text("article_id", key=True),
    text("slug"),
    text("headline"),
    text("flags"),
    info=Subject.ENTRY.info,
    sqlite_with_rowid=False,
)
_ORDER = (TAG_ENTRY.c.first_published_at, TAG_ENTRY.c.first_event_id, TAG_ENTRY.c.article_id)
Index("tag_entry_edition", TAG_ENTRY.c.article_id, TAG_ENTRY.c.language)

TAG = Table(
    "tag",
    METADATA,
    text("tag_id", key=True),
    text("into_id", null=True),
    text("labels"),
    info=Subject.TAG.info,
)
Index("tag_into", TAG.c.into_id)

TABLES: tuple[Table, ...] = (TAG_ENTRY,)


def rows(page: Page) -> Iterator[tuple[Table, tuple[Any, ...]]]:
    """Yield an entry for each tag of a live edition."""
    if isinstance(page, Publication):
        place = (page.first_published_at, page.first_event_id, page.article_id)
        shown = (page.texts.slug, page.texts.headline, canonical(page.card.flags))
        for tag_id in page.card.tags:
            yield TAG_ENTRY, (tag_id, page.language, *place, *shown)


def catalogue_row(tag: Tag) -> tuple[Any, ...]:
    """Return the catalogue's row of a tag."""
    return (tag.tag_id, tag.into_id, canonical(tag.labels))


def catalogue(connection: Connection) -> Catalogue:
    """Return the whole catalogue."""
    return {row.tag_id: _tag(row) for row in connection.execute(select(TAG))}


def related(connection: Connection, tag_ids: Iterable[str]) -> Catalogue:
    """Return the part of the catalogue that is connected with these tags by redirects, in either direction."""
    known: Catalogue = {}
    wanted = set(tag_ids)
    while wanted:
        found = [_tag(row) for row in connection.execute(select(TAG).where(TAG.c.tag_id.in_(wanted)))]
        known.update((tag.tag_id, tag) for tag in found)
        inward = connection.execute(select(TAG).where(TAG.c.into_id.in_(wanted)))
        outward = {tag.into_id for tag in found if tag.into_id}
        wanted = ({row.tag_id for row in inward} | outward) - known.keys()
    return known


def newest(
    connection: Connection, tag_ids: Sequence[str], language: str, *, after: Place | None, limit: int
) -> Sequence[Any]:
    """Return up to ``limit`` entries of editions that have any of the tags, newest first, after the place ``after``."""
    shown = (*_ORDER, TAG_ENTRY.c.slug, TAG_ENTRY.c.headline, TAG_ENTRY.c.flags)
    query = select(*shown).where(TAG_ENTRY.c.tag_id.in_(tag_ids), TAG_ENTRY.c.language == language).distinct()
    if after is not None:
        query = query.where(tuple_(*_ORDER) < after)
    return connection.execute(query.order_by(*(column.desc() for column in _ORDER)).limit(limit)).all()


def is_used(connection: Connection, tag_ids: Sequence[str]) -> bool:
    """Return True if any live edition, in any language, has one of the tags."""
    return (
        connection.execute(select(TAG_ENTRY.c.tag_id).where(TAG_ENTRY.c.tag_id.in_(tag_ids)).limit(1)).first()
        is not None
    )


def _tag(row: Row[Any]) -> Tag:
    return Tag(tag_id=row.tag_id, into_id=row.into_id, labels=msgspec.json.decode(row.labels, type=dict[str, str]))
