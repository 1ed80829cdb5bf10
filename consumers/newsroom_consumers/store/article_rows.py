"""Conversion of articles to rows and back: one row for the card, one for each edition."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Row

from newsroom_consumers.projections.columns import blocks_values, canonical
from newsroom_schemas.fold.state import Article, Card, DatedNote, Edition, Lineage, Run, Schedule, Texts
from newsroom_schemas.values import Author, Image, StoredBlocks


class _Content(msgspec.Struct, frozen=True):
    """The texts of a draft except its blocks."""

    slug: str
    headline: str
    lead: str | None
    image: Image | None
    authors: tuple[Author, ...]
    legacy_urls: tuple[str, ...]


_content = msgspec.json.Decoder(_Content)
_ids = msgspec.json.Decoder(tuple[str, ...])
_notes = msgspec.json.Decoder(tuple[DatedNote, ...])


def article_row(article: Article, last_offset: int) -> tuple[Any, ...]:
    """Return the row of an article: card, embargo and hold. ``last_offset`` is that of the last applied event."""
    card = article.card
    return (
        article.article_id,
        article.card_version,
        card.section,
        canonical(card.tags),
        canonical(card.flags),
        article.embargo_until,
        int(article.hold),
        last_offset,
    )


def edition_row(article_id: str, language: str, edition: Edition) -> tuple[Any, ...]:
    """Return the row of an edition."""
    texts, lineage, run, schedule = edition.texts, edition.lineage, edition.run, edition.schedule
    content = _Content(texts.slug, texts.headline, texts.lead, texts.image, texts.authors, texts.legacy_urls)
    return (
        article_id,
        language,
        edition.version,
        canonical(content),
        *blocks_values(texts.blocks),
        *(msgspec.structs.astuple(lineage) if lineage else (None,) * 4),
        edition.status,
        *(msgspec.structs.astuple(run) if run else (None,) * 5),
        canonical(edition.notes),
        *(msgspec.structs.astuple(schedule) if schedule else (None, None)),
        edition.changed_by,
        edition.changed_at,
    )


def article_of(row: Row[Any], editions: dict[str, Edition]) -> Article:
    """Return the article of a row and its editions by language."""
    return Article(
        article_id=row.article_id,
        card_version=row.card_version,
        card=Card(section=row.section, tags=_ids.decode(row.tags), flags=_ids.decode(row.flags)),
        embargo_until=row.embargo_until,
        hold=bool(row.hold),
        editions=editions,
    )


def edition_of(row: Row[Any]) -> Edition:
    """Return the edition of a row."""
    return Edition(
        version=row.version,
        texts=_texts(row),
        lineage=_lineage(row),
        status=row.status,
        run=_run(row),
        notes=_notes.decode(row.notes),
        schedule=None if row.schedule_id is None else Schedule(publish_at=row.schedule_at, schedule_id=row.schedule_id),
        changed_by=row.changed_by,
        changed_at=row.changed_at,
    )


def _texts(row: Row[Any]) -> Texts:
    content = _content.decode(row.content)
    return Texts(
        slug=content.slug,
        headline=content.headline,
        lead=content.lead,
        image=content.image,
        authors=content.authors,
        legacy_urls=content.legacy_urls,
        blocks=() if row.blocks is None else StoredBlocks(bytes(row.blocks), row.blocks_schema),
    )


def _lineage(row: Row[Any]) -> Lineage | None:
    if row.source_language is None:
        return None
    return Lineage(
        source_language=row.source_language,
        source_version=row.source_version,
        translator=row.translator,
        method=row.method,
    )


def _run(row: Row[Any]) -> Run | None:
    if row.published_version is None:
        return None
    return Run(
        version=row.published_version,
        card_version=row.published_card,
        first_published_at=row.first_published_at,
        first_event_id=row.first_event_id,
        updated_at=row.updated_at,
    )
