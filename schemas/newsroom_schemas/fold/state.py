"""The values that the fold computes from one article's events: the article, its editions, and what readers see.

All are immutable. ``Article`` and ``Edition`` are the private state; ``Publication`` and ``Withdrawal`` are the two
kinds of page that an event can show to readers.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from newsroom_schemas.values import Author, Blocks, Image

Status = Literal["draft", "live", "gone"]


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """Where and when the log keeps a record."""

    timestamp: int
    """Instant at which the broker appended the record, microseconds since the epoch, UTC."""
    topic: str
    partition: int
    offset: int
    key: str


class Texts(msgspec.Struct, frozen=True, kw_only=True):
    """The texts of an edition, named as in the events."""

    slug: str
    headline: str
    lead: str | None = None
    image: Image | None = None
    authors: tuple[Author, ...] = ()
    legacy_urls: tuple[str, ...] = ()
    blocks: Blocks = ()


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """How an article is classified: section, tags and flags, each id once, in the order given."""

    section: str | None = None
    tags: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()


class DatedNote(msgspec.Struct, frozen=True, kw_only=True):
    """A note to readers with the instant of its publication, microseconds since the epoch, UTC."""

    kind: str
    text: str
    at: int


class Lineage(msgspec.Struct, frozen=True, kw_only=True):
    """The edition, version and method that a translated edition comes from."""

    source_language: str
    source_version: int
    translator: str | None
    method: str


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """When an edition is to be published: the instant (microseconds) and the event id of its ArticleScheduled."""

    publish_at: int
    schedule_id: str


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One period of being live, from a first publication to the withdrawal. Instants are microseconds."""

    version: int
    """Version of the edition that readers see."""
    card_version: int
    """Version of the card that readers see."""
    first_published_at: int
    first_event_id: str
    updated_at: int | None = None


class Edition(msgspec.Struct, frozen=True, kw_only=True):
    """One language of an article: its draft, and its state for readers."""

    version: int
    texts: Texts
    """The draft."""
    lineage: Lineage | None = None
    status: Status = "draft"
    run: Run | None = None
    """The current run while live, the last one when gone, ``None`` for a draft that was never live."""
    notes: tuple[DatedNote, ...] = ()
    schedule: Schedule | None = None
    changed_by: str
    """Actor of the last event that made a version, published or withdrew. Scheduling does not count."""
    changed_at: int
    """Instant of the record of that event, microseconds."""


class Article(msgspec.Struct, frozen=True, kw_only=True):
    """One story in all its languages: the state after its events."""

    article_id: str
    card_version: int
    card: Card
    embargo_until: int | None = None
    hold: bool = False
    editions: dict[str, Edition] = {}
    """Editions by language; never mutated."""


class Publication(msgspec.Struct, frozen=True, kw_only=True):
    """An edition and the card as readers see them: a snapshot."""

    article_id: str
    language: str
    version: int
    texts: Texts
    card: Card
    notes: tuple[DatedNote, ...]
    source_language: str | None
    translator: str | None
    first_published_at: int
    first_event_id: str
    updated_at: int | None


class Withdrawal(msgspec.Struct, frozen=True, kw_only=True):
    """What readers get instead of a withdrawn edition: no text, but the reason, a note and a successor."""

    article_id: str
    language: str
    reason: str
    note: str | None
    successor: str | None
    since: int
    """Instant of the record that withdrew the edition, microseconds since the epoch, UTC."""


Page = Publication | Withdrawal


class Tag(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the tag catalogue."""

    tag_id: str
    labels: dict[str, str] = {}
    into_id: str | None = None
    """Id of the tag that this one redirects to."""


Catalogue = dict[str, Tag]
"""The tag catalogue: every tag by its id; never mutated."""
