"""The recent-news timeline: one row for each live edition, at the place of its first publication.

The order is ``(first_published_at, first_event_id, article_id)``, descending. It is the same after every replay.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Index, MetaData, Row, Table, select, tuple_

from newsroom_consumers.projections.columns import canonical, integer, text
from newsroom_consumers.projections.place import Place
from newsroom_consumers.projections.subject import Subject
from newsroom_schemas.fold.state import Page, Publication

VERSION: int = 1
METADATA = MetaData()

TIMELINE = Table(
    "timeline",
    METADATA,
    text("language", key=True),
    integer("first_published_at", key=True),
    text("first_event_id", key=True),
    text("article_id", key=True),
    text("slug"),
    text("headline"),
    text("section", null=True),
    integer("main"),
    text("flags"),
    integer("updated_at", null=True),
    info=Subject.ENTRY.info,
    sqlite_with_rowid=False,
)
_ORDER = (TIMELINE.c.first_published_at, TIMELINE.c.first_event_id, TIMELINE.c.article_id)
Index("timeline_edition", TIMELINE.c.article_id, TIMELINE.c.language, unique=True)
Index("timeline_section", TIMELINE.c.language, TIMELINE.c.section, *_ORDER)
Index("timeline_main", TIMELINE.c.language, TIMELINE.c.main, *_ORDER)

TABLES: tuple[Table, ...] = (TIMELINE,)


def rows(page: Page) -> Iterator[tuple[Table, tuple[Any, ...]]]:
    """Yield the entry of a live edition."""
    if isinstance(page, Publication):
        yield (
            TIMELINE,
            (
                page.language,
                page.first_published_at,
                page.first_event_id,
                page.article_id,
                page.texts.slug,
                page.texts.headline,
                page.card.section,
                int("main" in page.card.flags),
                canonical(page.card.flags),
                page.updated_at,
            ),
        )


def newest(connection: Connection, language: str, *, after: Place | None, limit: int) -> Sequence[Row[Any]]:
    """Return up to ``limit`` entries of a language, newest first, after the place ``after``."""
    query = select(TIMELINE).where(TIMELINE.c.language == language)
    if after is not None:
        query = query.where(tuple_(*_ORDER) < after)
    return connection.execute(query.order_by(*(column.desc() for column in _ORDER)).limit(limit)).all()
