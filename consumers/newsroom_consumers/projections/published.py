"""The published store: one row for each edition that readers can open, and one for each that is gone.

An edition has a row in ``published`` or in ``gone``, never in both; before its first publication it has none.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, MetaData, Row, Table, select

from newsroom_consumers.projections.columns import INLINE_BYTES, binary, blocks_values, canonical, integer, text
from newsroom_consumers.projections.subject import Subject
from newsroom_schemas.fold.state import Page, Publication

VERSION: int = 1
METADATA = MetaData()

PUBLISHED = Table(
    "published",
    METADATA,
    text("article_id", key=True),
    text("language", key=True),
    integer("version"),
    text("slug"),
    text("headline"),
    text("lead", null=True),
    binary("blocks", null=True),
    text("blocks_schema", null=True),
    text("image", null=True),
    text("authors"),
    text("section", null=True),
    text("tags"),
    text("flags"),
    text("notes"),
    text("source_language", null=True),
    text("translator", null=True),
    integer("first_published_at"),
    text("first_event_id"),
    integer("updated_at", null=True),
    info=Subject.PAGE.info | {"postgresql_with": {"toast_tuple_target": INLINE_BYTES}},
)

GONE = Table(
    "gone",
    METADATA,
    text("article_id", key=True),
    text("language", key=True),
    text("reason"),
    text("note", null=True),
    text("successor", null=True),
    integer("since"),
    info=Subject.WITHDRAWAL.info,
)

TABLES: tuple[Table, ...] = (PUBLISHED, GONE)


def rows(page: Page) -> Iterator[tuple[Table, tuple[Any, ...]]]:
    """Yield the page's row in ``published`` or in ``gone``."""
    if isinstance(page, Publication):
        yield PUBLISHED, _published(page)
    else:
        yield GONE, (page.article_id, page.language, page.reason, page.note, page.successor, page.since)


def page_of(connection: Connection, article_id: str, language: str) -> Row[Any] | None:
    """Return an edition's row of ``published``, or ``None`` if it is not live."""
    return connection.execute(
        select(PUBLISHED).where(PUBLISHED.c.article_id == article_id, PUBLISHED.c.language == language)
    ).one_or_none()


def withdrawal_of(connection: Connection, article_id: str, language: str) -> Row[Any] | None:
    """Return an edition's row of ``gone``, or ``None`` if it is not withdrawn."""
    return connection.execute(
        select(GONE).where(GONE.c.article_id == article_id, GONE.c.language == language)
    ).one_or_none()


def live_languages(connection: Connection, article_id: str) -> set[str]:
    """Return the languages in which readers can open the article."""
    return set(connection.scalars(select(PUBLISHED.c.language).where(PUBLISHED.c.article_id == article_id)))


def _published(page: Publication) -> tuple[Any, ...]:
    texts, card = page.texts, page.card
    return (
        page.article_id,
        page.language,
        page.version,
        texts.slug,
        texts.headline,
        texts.lead,
        *blocks_values(texts.blocks),
        canonical(texts.image) if texts.image else None,
        canonical(texts.authors),
        card.section,
        canonical(card.tags),
        canonical(card.flags),
        canonical(page.notes),
        page.source_language,
        page.translator,
        page.first_published_at,
        page.first_event_id,
        page.updated_at,
    )
