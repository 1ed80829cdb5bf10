"""Hypothesis strategies for events that keep the contract."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from newsroom_schemas.events import EVENTS, AnyEvent, ArticleEdited
from newsroom_schemas.validation import BLOCK_KINDS, METHODS, NOTE_KINDS, REASONS, TEXTS
from newsroom_schemas.values import Author, Block, Image, Note

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
ids = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", fullmatch=True)
uuids = st.uuids().map(str)
languages = st.sampled_from(["uk", "ru", "en", "en-GB", "sr-Latn-RS", "de-CH-1996", "es-419"])
instants = st.integers(-62_135_596_800_000_000, 253_402_300_799_999_999)
counts = st.integers(0, 2**31 - 1)


def tuples(items: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    """Make short tuples."""
    return st.lists(items, max_size=3).map(tuple)


def optional(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Make values or None."""
    return st.none() | values


images = st.builds(
    Image,
    src=texts,
    width=optional(counts),
    height=optional(counts),
    alt=optional(texts),
    caption=optional(texts),
    credit=optional(texts),
)
authors = st.builds(Author, id=ids, name=texts)
blocks = st.builds(
    Block,
    kind=st.sampled_from(sorted(BLOCK_KINDS)),
    text=optional(texts),
    items=tuples(texts),
    label=optional(texts),
    attribution=optional(texts),
    url=optional(texts),
    caption=optional(texts),
    credit=optional(texts),
)
notes = st.builds(Note, kind=st.sampled_from(sorted(NOTE_KINDS)), text=texts)

_FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "event_id": uuids,
    "article_id": ids,
    "tag_id": ids,
    "occurred_at": instants,
    "actor": texts,
    "source": texts,
    "expected_version": optional(counts),
    "language": languages,
    "slug": texts,
    "headline": texts,
    "lead": optional(texts),
    "image": optional(images),
    "authors": tuples(authors),
    "legacy_urls": tuples(texts),
    "section": optional(ids),
    "tags": tuples(ids),
    "flags": tuples(ids),
    "blocks": tuples(blocks),
    "source_language": languages,
    "source_version": counts,
    "translator": optional(texts),
    "method": st.sampled_from(sorted(METHODS)),
    "publish_at": instants,
    "until": optional(instants),
    "published_at": optional(instants),
    "schedule_id": optional(uuids),
    "languages": tuples(languages),
    "reason": st.sampled_from(sorted(REASONS)),
    "successor": optional(ids),
    "topic": texts,
    "partition": counts,
    "offset": st.integers(0, 2**63 - 1),
    "sha256": texts,
    "labels": st.dictionaries(languages, texts, max_size=3),
    "into": optional(ids),
}
_NOTES = {"ArticlePublished": optional(notes), "ArticleUnpublished": optional(texts)}


def events_of(name: str) -> st.SearchStrategy[AnyEvent]:
    """Make events of one type."""
    if name == "ArticleEdited":
        return edits()
    type_ = EVENTS[name]
    fields = {field: _NOTES[name] if field == "note" else _FIELDS[field] for field in type_.__struct_fields__}
    return st.builds(type_, **fields)


@st.composite
def edits(draw: st.DrawFn) -> ArticleEdited:
    """Make edits, each text given, cleared or left alone."""
    cleared = draw(st.sets(st.sampled_from(sorted(TEXTS))))
    fields: dict[str, Any] = {"cleared": tuple(sorted(cleared))}
    for field in ArticleEdited.__struct_fields__:
        if field not in TEXTS:
            fields.setdefault(field, draw(_FIELDS[field]) if field in _FIELDS else None)
        elif field not in cleared:
            fields[field] = draw(optional(_FIELDS[field]))
    return ArticleEdited(**fields)


events: st.SearchStrategy[AnyEvent] = st.sampled_from(sorted(EVENTS)).flatmap(events_of)
"""Events of every type."""
