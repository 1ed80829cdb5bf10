"""What one event changes, or would have changed: each field before and after, texts word by word.

A change is a JSON object: ``language`` (null for fields of the whole article), ``field``, and either ``words`` or
``blocks`` or ``before`` and ``after``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from newsroom_consumers.audit.history import words
from newsroom_schemas.events import AnyTagEvent, TagMerged
from newsroom_schemas.fold.state import Article, Card, Catalogue, Texts
from newsroom_schemas.instants import to_rfc3339
from newsroom_schemas.values import Block, StoredBlocks

Change = dict[str, Any]
"""One field that differs."""
Decode = Callable[[StoredBlocks], tuple[Block, ...]]
"""Decodes stored blocks."""
Standing = Mapping[tuple[str | None, str], Any]
"""State of an article and its editions besides texts and card, by language (``None``: the article's) and name."""

NO_TEXTS = Texts(slug="", headline="")
"""The texts of an edition that does not exist."""
NO_CARD = Card()
"""The card of an article that does not exist."""


def of_texts(language: str, before: Texts, after: Texts, decode: Decode) -> Iterator[Change]:
    """Yield the changes between two versions of an edition's texts."""
    for field in ("headline", "lead"):
        old, new = getattr(before, field) or "", getattr(after, field) or ""
        if old != new:
            yield {"language": language, "field": field, "words": words.words(old, new)}
    if before.blocks != after.blocks:
        old, new = (_decoded(each, decode) for each in (before, after))
        yield {"language": language, "field": "blocks", "blocks": words.blocks(old, new)}
    for field in ("slug", "image", "authors", "legacy_urls"):
        yield from _plain(language, field, getattr(before, field), getattr(after, field))


def of_cards(before: Card, after: Card) -> Iterator[Change]:
    """Yield the changes between two versions of a card."""
    for field in Card.__struct_fields__:
        yield from _plain(None, field, getattr(before, field), getattr(after, field))


def of_standing(before: Standing, after: Standing) -> Iterator[Change]:
    """Yield the changes between two states of an article and its editions."""
    for language, field in sorted(before.keys() | after.keys(), key=lambda key: (key[0] or "", key[1])):
        yield from _plain(language, field, before.get((language, field)), after.get((language, field)))


def of_tags(catalogue: Catalogue, event: AnyTagEvent) -> list[Change]:
    """Return what an event changes in a tag, or would have changed: its labels, or the tag that it redirects to."""
    known = catalogue.get(event.tag_id)
    if isinstance(event, TagMerged):
        return list(_plain(None, "into", known and known.into_id, event.into))
    old = known.labels if known else {}
    labels = sorted(old.keys() | event.labels.keys())
    return [change for each in labels for change in _plain(each, "label", old.get(each), event.labels.get(each))]


def standing(article: Article | None) -> dict[tuple[str | None, str], Any]:
    """Return the state of an article and its editions besides texts and card, without empty values."""
    if article is None:
        return {}
    found: dict[tuple[str | None, str], Any] = {
        (None, "hold"): article.hold,
        (None, "embargo_until"): instant(article.embargo_until),
    }
    for language, edition in article.editions.items():
        found[language, "status"] = edition.status
        found[language, "schedule"] = instant(edition.schedule.publish_at) if edition.schedule else None
        found[language, "lineage"] = edition.lineage
        found[language, "notes"] = [f"{note.kind}: {note.text}" for note in edition.notes]
    return {key: value for key, value in found.items() if value}


def plain(language: str | None, field: str, before: Any, after: Any) -> Change:
    """Return the change of a field that is not compared word by word."""
    return {"language": language, "field": field, "before": before, "after": after}


def instant(microseconds: int | None) -> str | None:
    """Return an instant (microseconds) as RFC 3339, or ``None``."""
    return None if microseconds is None else to_rfc3339(microseconds)


def _plain(language: str | None, field: str, before: Any, after: Any) -> Iterator[Change]:
    old, new = (msgspec.to_builtins(each) or None for each in (before, after))
    if old != new:
        yield plain(language, field, old, new)


def _decoded(texts: Texts, decode: Decode) -> tuple[Block, ...]:
    blocks = texts.blocks
    return decode(blocks) if isinstance(blocks, StoredBlocks) else blocks
