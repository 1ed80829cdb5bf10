"""The importer of finished stories: each line of JSON is a story, which is created and published.

Every id is derived from the story's own, so importing a file twice puts the same bytes into the log and changes
nothing:

* the article's id is the story's; event ids are UUIDs of version 5 made of act, id and language;
* a later line with the id of an earlier one and another language is its translation: ``ArticleTranslated`` from the
  first edition; the card (section, tags, flags) is that of the first line;
* the tags are those of ``tags``, ``topics``, ``places``, ``people``, ``organizations``, ``exchanges``, in this order,
  each once; an id outside the pattern becomes a slug (``World News`` is ``world-news``);
* ``paragraphs`` are plain text, so ``&``, ``<`` and ``>`` are escaped in the blocks made of them; ``blocks`` are kept
  unchanged; ``dateline`` is the label of the first block;
* the publication expects version 1, so it never publishes what an editor has changed in the meantime.
"""

from __future__ import annotations

import html
import uuid
from typing import Any

import msgspec

from newsroom_producers.importers.emit import read_object
from newsroom_producers.slug import slugify
from newsroom_schemas.errors import DuplicateStoryError, InvalidEventError, UnreadableLineError
from newsroom_schemas.events import AnyEvent, ArticleCreated, ArticlePublished, ArticleTranslated
from newsroom_schemas.instants import from_rfc3339
from newsroom_schemas.validation import ID, MAX_ID_LENGTH, check
from newsroom_schemas.values import Author, Block, Image

NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://newsroom-pipeline.invalid/import")
"""Namespace of the event ids of imports."""

_FIRST_VERSION = 1


class WireStory(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A finished story, as other systems export it."""

    id: str
    language: str | None = None
    published_at: str
    headline: str
    slug: str | None = None
    lead: str | None = None
    dateline: str | None = None
    paragraphs: tuple[str, ...] | None = None
    blocks: tuple[Block, ...] | None = None
    image: Image | None = None
    authors: tuple[Author | str, ...] = ()
    legacy_urls: tuple[str, ...] = ()
    section: str | None = None
    flags: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    organizations: tuple[str, ...] = ()
    exchanges: tuple[str, ...] = ()


class StoryReader:
    """Reads the two events of each story of a file; remembers ids and languages, to recognize translations."""

    def __init__(self, *, actor: str, source: str, language: str) -> None:
        """``language`` is that of stories that name none."""
        self._envelope = {"actor": actor, "source": source}
        self._language = language
        self._languages: dict[str, tuple[str, ...]] = {}

    def __call__(self, text: bytes) -> tuple[AnyEvent, ...]:
        """Return the events of a line; raise UnreadableLineError, InvalidEventError or DuplicateStoryError."""
        try:
            story = msgspec.convert(read_object(text), WireStory)
        except msgspec.ValidationError as error:
            raise UnreadableLineError(f"story: {error}") from None
        language = story.language or self._language
        known = self._languages.get(story.id, ())
        if language in known:
            raise DuplicateStoryError(story.id, language)
        events = (self._edition(story, language, known), self._publication(story, language))
        if problem := check(events[0]):
            raise InvalidEventError(type(events[0]).__name__, problem.field, problem.problem)
        self._languages[story.id] = (*known, language)
        return events

    def _edition(self, story: WireStory, language: str, known: tuple[str, ...]) -> AnyEvent:
        """Return the event with the story's texts: the article's creation, or a translation."""
        texts = _texts(story, language)
        if known:
            source: dict[str, Any] = {"source_language": known[0], "source_version": _FIRST_VERSION}
            head = self._head(story, language, "translated")
            return ArticleTranslated(**head, **texts, **source, expected_version=0)
        card: dict[str, Any] = {
            "section": None if story.section is None else _id("section", story.section, language),
            "tags": _tags(story, language),
            "flags": story.flags,
        }
        return ArticleCreated(**self._head(story, language, "created"), **texts, **card)

    def _publication(self, story: WireStory, language: str) -> ArticlePublished:
        """Return the event that publishes the story, at the story's own instant."""
        head = self._head(story, language, "published")
        return ArticlePublished(**head, published_at=head["occurred_at"], expected_version=_FIRST_VERSION)

    def _head(self, story: WireStory, language: str, act: str) -> dict[str, Any]:
        """Return the fields that both events of a story have."""
        return {
            **self._envelope,
            "event_id": str(uuid.uuid5(NAMESPACE, f"{act}/{story.id}/{language}")),
            "article_id": story.id,
            "language": language,
            "occurred_at": _instant(story.published_at),
        }


def _instant(text: str) -> int:
    """Return the instant of publication in microseconds."""
    try:
        return from_rfc3339(text)
    except ValueError as error:
        raise UnreadableLineError(f"story: published_at: {error}") from None


def _texts(story: WireStory, language: str) -> dict[str, Any]:
    """Return the texts of the edition."""
    return {
        "slug": story.slug or slugify(story.headline, language),
        "headline": story.headline,
        "lead": story.lead,
        "image": story.image,
        "authors": tuple(_author(author, language) for author in story.authors),
        "legacy_urls": story.legacy_urls,
        "blocks": _blocks(story),
    }


def _blocks(story: WireStory) -> tuple[Block, ...]:
    """Return the blocks, or the paragraphs as blocks, the first one labelled with the dateline."""
    if story.blocks is not None and story.paragraphs is not None:
        message = "story: has paragraphs and blocks: give one of them"
        raise UnreadableLineError(message)
    paragraphs = (Block(kind="paragraph", text=html.escape(text, quote=False)) for text in story.paragraphs or ())
    blocks = tuple(paragraphs) if story.blocks is None else story.blocks
    if not story.dateline:
        return blocks
    first = blocks[0] if blocks else Block(kind="paragraph")
    return (msgspec.structs.replace(first, label=first.label or story.dateline), *blocks[1:])


def _tags(story: WireStory, language: str) -> tuple[str, ...]:
    """Return the ids of all tags, in order, each once."""
    groups = (story.tags, story.topics, story.places, story.people, story.organizations, story.exchanges)
    return tuple(dict.fromkeys(_id("tags", tag, language) for group in groups for tag in group))


def _author(author: Author | str, language: str) -> Author:
    """Return an author; the id of a bare name is made from the name."""
    return Author(id=_id("authors", author, language), name=author) if isinstance(author, str) else author


def _id(field: str, text: str, language: str) -> str:
    """Return a text as an id: the text itself if it is one, otherwise its slug."""
    if ID.fullmatch(text):
        return text
    slug = slugify(text, language, max_length=MAX_ID_LENGTH, fallback="")
    if not slug:
        raise UnreadableLineError(f"story: {field}: {text!r:.80} has no letter or digit to make an id of")
    return slug
