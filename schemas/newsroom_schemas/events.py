"""The events of the newsroom: each one states that something editorial has happened.

>>> event = ArticlePublished(event_id="0192…", article_id="storm", occurred_at=1_738_953_300_000_000, actor="olena",
...                          source="desk", language="uk")
>>> event.expected_version is event.published_at is None
True

Each class mirrors one schema in ``avro/``: the same fields, the same defaults, the same sentences (a test compares
them). Instants are integers: microseconds since the epoch, UTC.
"""

from __future__ import annotations

import msgspec

from newsroom_schemas.values import Author, Blocks, Image, Note


class _Envelope(msgspec.Struct, frozen=True, kw_only=True, tag=True, forbid_unknown_fields=True):
    """The fields that every event has."""

    event_id: str
    """UUID of the event in lower case, version 7 unless derived; the same id sent again is the same act."""
    occurred_at: int
    """Instant of the act by the tool's clock, microseconds since the epoch, UTC; informational."""
    actor: str
    """Staff id of the person or service that acted."""
    source: str
    """Name of the tool that emitted the event."""


class Event(_Envelope, frozen=True, kw_only=True):
    """Something that has happened to one article."""

    article_id: str
    """Id of the article, the key of the record: ``[A-Za-z0-9][A-Za-z0-9_-]{0,63}``."""
    expected_version: int | None = None
    """Version that the author saw, 0 for "does not exist yet"; null does not check."""


class TagEvent(_Envelope, frozen=True, kw_only=True):
    """Something that has happened to the tag catalogue."""

    tag_id: str
    """Id of the tag, the key of the record: ``[A-Za-z0-9][A-Za-z0-9_-]{0,63}``."""


class ArticleCreated(Event, frozen=True, kw_only=True):
    """An article exists, with the draft of its first edition."""

    language: str
    """BCP 47 tag of the edition, such as ``uk`` or ``en-GB``."""
    slug: str
    """Readable part of the address."""
    headline: str
    """Headline of the edition."""
    lead: str | None = None
    """First paragraph, shown in lists too."""
    image: Image | None = None
    """Main picture."""
    authors: tuple[Author, ...] = ()
    """Byline, in the order to print."""
    legacy_urls: tuple[str, ...] = ()
    """Older addresses of this edition, at most 1,000 bytes each."""
    section: str | None = None
    """Id of the section that the article belongs to."""
    tags: tuple[str, ...] = ()
    """Ids of tags; the first is the main tag."""
    flags: tuple[str, ...] = ()
    """Marks such as ``main``, ``video`` or ``photo``."""
    blocks: Blocks = ()
    """Body of the edition."""


class ArticleEdited(Event, frozen=True, kw_only=True):
    """The draft of one edition has changed: given texts replace, absent ones stay, those in cleared are emptied."""

    language: str
    """BCP 47 tag of the edition, such as ``uk`` or ``en-GB``."""
    slug: str | None = None
    """Readable part of the address; null leaves it unchanged."""
    headline: str | None = None
    """Headline of the edition; null leaves it unchanged."""
    lead: str | None = None
    """First paragraph, shown in lists too; null leaves it unchanged."""
    image: Image | None = None
    """Main picture; null leaves it unchanged."""
    authors: tuple[Author, ...] | None = None
    """Byline, in the order to print; null leaves it unchanged."""
    legacy_urls: tuple[str, ...] | None = None
    """Older addresses of this edition, at most 1,000 bytes each; null leaves them unchanged."""
    cleared: tuple[str, ...] = ()
    """Names of texts to empty; none of them may be given in the same event."""
    blocks: Blocks | None = None
    """Body of the edition; null leaves it unchanged."""


class ArticleTranslated(Event, frozen=True, kw_only=True):
    """An edition has been made from an edition in another language; the event carries the whole new edition."""

    language: str
    """BCP 47 tag of the edition, such as ``uk`` or ``en-GB``."""
    source_language: str
    """Language of the edition that was translated."""
    source_version: int
    """Version of the source edition that was translated."""
    translator: str | None = None
    """Staff id of the translator; null if a machine worked alone."""
    method: str = "human"
    """human, machine or machine_edited."""
    slug: str
    """Readable part of the address."""
    headline: str
    """Headline of the edition."""
    lead: str | None = None
    """First paragraph, shown in lists too."""
    image: Image | None = None
    """Main picture."""
    authors: tuple[Author, ...] = ()
    """Byline, in the order to print."""
    legacy_urls: tuple[str, ...] = ()
    """Older addresses of this edition, at most 1,000 bytes each."""
    blocks: Blocks = ()
    """Body of the edition."""


class ArticleClassified(Event, frozen=True, kw_only=True):
    """The card of the article has changed: section, tags and flags, all of them."""

    section: str | None = None
    """Id of the section that the article belongs to."""
    tags: tuple[str, ...] = ()
    """Ids of tags; the first is the main tag."""
    flags: tuple[str, ...] = ()
    """Marks such as ``main``, ``video`` or ``photo``."""


class ArticleScheduled(Event, frozen=True, kw_only=True):
    """One edition is to be published at an instant; an earlier schedule of the edition is replaced."""

    language: str
    """BCP 47 tag of the edition, such as ``uk`` or ``en-GB``."""
    publish_at: int
    """Instant from which the edition may be published, microseconds since the epoch, UTC."""


class ArticleUnscheduled(Event, frozen=True, kw_only=True):
    """The schedule of one edition is cancelled."""

    language: str
    """BCP 47 tag of the edition, such as ``uk`` or ``en-GB``."""


class ArticleEmbargoed(Event, frozen=True, kw_only=True):
    """No edition of the article may be published before an instant."""

    until: int | None = None
    """End of the embargo, microseconds since the epoch, UTC; null lifts it."""


class ArticlePublished(Event, frozen=True, kw_only=True):
    """The draft of one edition, as it stands, becomes what readers see."""

    language: str
    """BCP 47 tag of the edition, such as ``uk`` or ``en-GB``."""
    published_at: int | None = None
    """Instant to show to readers, microseconds since the epoch, UTC; null means the record's own time."""
    note: Note | None = None
    """What readers are told about this publication."""
    schedule_id: str | None = None
    """Event id of the ArticleScheduled that this publication carries out; null if it carries out none."""


class ArticleUnpublished(Event, frozen=True, kw_only=True):
    """Editions are withdrawn from readers; the reason legal withdraws all of them and puts the article on hold."""

    languages: tuple[str, ...] = ()
    """Languages of the editions to withdraw; an empty list means all."""
    reason: str
    """withdrawn, error, expired, merged or legal."""
    note: str | None = None
    """What readers are told on the page of the withdrawn edition."""
    successor: str | None = None
    """Id of the article that replaces this one, with the reason merged."""


class ArticleReleased(Event, frozen=True, kw_only=True):
    """The hold of a legal takedown is lifted."""


class RecordSkipped(Event, frozen=True, kw_only=True):
    """A parked record is never to be folded; the records parked behind it are folded now."""

    topic: str
    """Topic of the parked record."""
    partition: int
    """Partition of the parked record."""
    offset: int
    """Offset of the parked record."""
    sha256: str
    """SHA-256 of the parked record's canonical bytes, in lower-case hex."""


class TagDefined(TagEvent, frozen=True, kw_only=True):
    """A tag exists, or its labels are replaced."""

    labels: dict[str, str] = {}
    """Label of the tag for each language."""


class TagMerged(TagEvent, frozen=True, kw_only=True):
    """A tag redirects to another one."""

    into: str | None = None
    """Id of the tag to redirect to; null removes the redirect."""


AnyArticleEvent = (
    ArticleCreated
    | ArticleEdited
    | ArticleTranslated
    | ArticleClassified
    | ArticleScheduled
    | ArticleUnscheduled
    | ArticleEmbargoed
    | ArticlePublished
    | ArticleUnpublished
    | ArticleReleased
    | RecordSkipped
)
AnyTagEvent = TagDefined | TagMerged
AnyEvent = AnyArticleEvent | AnyTagEvent

EVENTS: dict[str, type[AnyEvent]] = {cls.__name__: cls for cls in AnyEvent.__args__}
"""Every event class by name: the only list of them."""


def key_of(event: AnyEvent) -> str:
    """Return the key of the event's record: the article id or the tag id."""
    return event.tag_id if isinstance(event, TagEvent) else event.article_id
