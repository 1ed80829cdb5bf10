"""What queries return: one value for every form of answer, and ``to_json``, which writes any of them for programs.

>>> to_json(ReaderNote(at=Instant(1_738_953_300_000_000), kind="update", text="Roads are open"))
b'{"at":"2025-02-07T18:35:00.000000Z","kind":"update","text":"Roads are open"}'
>>> to_json(TimelinePage(items=(), next=None))
b'{"items":[],"next":null}'

The fields and their order are those of the newsroom's API: JSON has exactly these keys, in this order.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import msgspec

from newsroom_schemas.errors import Kind, NewsroomError
from newsroom_schemas.fold.tags import Label
from newsroom_schemas.instants import to_rfc3339
from newsroom_schemas.values import Author, Block


class NotFoundError(NewsroomError):
    """There is nothing of that name: unknown, a draft, or under embargo, which look the same to readers."""

    kind: ClassVar[Kind] = Kind.UNKNOWN

    def __init__(self, what: str) -> None:
        """Name what was asked for, such as "tag weather"."""
        super().__init__(f"readers have no {what}")
        self.what = what


class Instant(int):
    """Microseconds since the epoch, UTC. ``str()`` and JSON write it as RFC 3339, with six digits and ``Z``."""

    def __str__(self) -> str:
        """Return the instant as text. Raises ``OverflowError`` outside the years 1 to 9999."""
        return to_rfc3339(self)


class ReaderNote(msgspec.Struct, frozen=True, kw_only=True):
    """What readers were told about a publication, and when."""

    at: Instant
    kind: str
    text: str


class ShownImage(msgspec.Struct, frozen=True, kw_only=True):
    """The image of an edition, as its row keeps it; ``schemas`` says what each field is."""

    alt: str | None
    caption: str | None
    credit: str | None
    height: int | None
    src: str
    width: int | None


class ShownTag(msgspec.Struct, frozen=True, kw_only=True):
    """A tag as readers see it, after redirects."""

    id: str
    label: Label
    """JSON has its text; a page marks it with its ``language`` (WCAG 3.1.2)."""


class ArticleLink(msgspec.Struct, frozen=True, kw_only=True):
    """A related story."""

    article_id: str
    headline: str


class LiveArticle(msgspec.Struct, frozen=True, kw_only=True):
    """The page of an edition that readers can open."""

    article_id: str
    language: str
    status: Literal["live"] = "live"
    slug: str
    headline: str
    lead: str | None
    blocks: tuple[Block, ...]
    image: ShownImage | None
    authors: tuple[Author, ...]
    section: str | None
    tags: tuple[ShownTag, ...]
    flags: tuple[str, ...]
    notes: tuple[ReaderNote, ...]
    version: int
    first_published_at: Instant
    updated_at: Instant | None
    """``None`` when it has been published once."""
    related: tuple[ArticleLink, ...] | None
    """The newest other stories of its first tag; ``None`` where only this article is known."""
    url: str
    languages: tuple[str, ...]
    """Languages in which the article is live, in the newsroom's order."""


class GoneArticle(msgspec.Struct, frozen=True, kw_only=True):
    """What is left of an edition that was withdrawn."""

    article_id: str
    language: str
    status: Literal["gone"] = "gone"
    reason: str
    note: str | None
    successor: str | None
    """Id of the article to read instead."""
    since: Instant
    url: str
    languages: tuple[str, ...]
    """Languages in which the article is still live, in the newsroom's order."""


class ListEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A story in a list."""

    article_id: str
    headline: str
    published_at: Instant
    time: str
    """``HH:MM`` in the newsroom's time zone."""
    flags: tuple[str, ...]
    url: str


class TimelinePage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of a list, newest first."""

    items: tuple[ListEntry, ...]
    next: str | None
    """Cursor of the next page; ``None`` on the last one."""


class TagPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of the stories that carry a tag, newest first."""

    tag: ShownTag
    items: tuple[ListEntry, ...]
    next: str | None


class RecordOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one record, and what its event says of itself; a record that holds no event says nothing."""

    event_id: str | None
    type: str | None
    language: str | None
    outcome: str
    """``applied``, ``duplicate``, ``rejected``, ``parked`` or ``skipped``."""
    reason: str | None
    """Why it was rejected."""
    facts: dict[str, Any]
    """Details of the outcome, by name."""
    recorded_at: Instant
    actor: str | None
    partition: int
    offset: int


class SourcedOutcome(RecordOutcome, frozen=True, kw_only=True):
    """An outcome, with the tool that sent the event and the time on that tool's clock."""

    source: str | None
    occurred_at: Instant | None
    """``None`` also where the tool's clock said a year outside 1 to 9999."""
    topic: str


class ParkedRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A record that waits for a build that understands it, or for those before it."""

    article_id: str
    """Empty for the tag catalogue."""
    topic: str
    partition: int
    offset: int
    recorded_at: Instant
    stage: str
    """``decode``, ``fold``, ``projection``, or ``behind`` for one that waits for another."""
    error: str
    hides: tuple[str, ...]
    """Languages of the editions that it withdraws, and that are hidden meanwhile."""


class ParkedArticle(ParkedRecord, frozen=True, kw_only=True):
    """The first parked record of an article, and how many wait."""

    waiting: int
    """Parked records of the article, this one among them."""


class WholeParkedRecord(ParkedRecord, frozen=True, kw_only=True):
    """A parked record with what the log holds of it."""

    headers: tuple[tuple[str, str], ...]
    value: str
    """The bytes in Base64."""


class ParkedHead(ParkedRecord, frozen=True, kw_only=True):
    """The first parked record of an article with what names it in the log, as a ``RecordSkipped`` must."""

    key: str
    sha256: str
    type: str | None
    actor: str | None


class QueueFate(msgspec.Struct, frozen=True, kw_only=True):
    """What became of records that were parked."""

    article_id: str
    """Empty for the tag catalogue."""
    records: int
    outcomes: dict[str, int]
    """Records by outcome."""
    parked: ParkedHead | None
    """The first record of the article that is parked now."""


class SkipFate(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an event that skips a parked record; the rest as of a ``QueueFate``, for the records behind it."""

    skip: RecordOutcome
    article_id: str
    records: int
    outcomes: dict[str, int]
    parked: ParkedHead | None


class CursorOverview(msgspec.Struct, frozen=True, kw_only=True):
    """How far a generation has folded a partition."""

    topic: str
    partition: int
    next_offset: int
    lag: int | None
    """Offsets up to the end of the log; ``None`` where that end is not known."""


class ParkedCount(msgspec.Struct, frozen=True, kw_only=True):
    """How much of a generation is parked."""

    articles: int
    records: int


class GenerationOverview(msgspec.Struct, frozen=True, kw_only=True):
    """A generation: what made it, how far it is, and what is in it."""

    name: str
    live: bool
    fold_version: int
    projection_versions: dict[str, int]
    topics: dict[str, int]
    """Number of partitions of each topic that it is made of."""
    created_at: Instant
    size: int | None
    """Bytes; ``None`` where there are no tables."""
    cursors: tuple[CursorOverview, ...] = ()
    lag: int | None = None
    """Offsets up to the end of the log, in all partitions."""
    parked: ParkedCount | None = None
    """``None`` where there are no tables, as ``rows``."""
    rows: dict[str, int] | None = None
    """Rows of each table."""


def to_json(answer: Any) -> bytes:
    """Return an answer as JSON; what it is part of, such as a list of answers, may be a list or a mapping."""
    return msgspec.json.encode(answer, enc_hook=_text_of)


def to_builtins(answer: Any) -> Any:
    """Return an answer as the dicts, lists and plain values that its JSON holds."""
    return msgspec.to_builtins(answer, enc_hook=_text_of)


def _text_of(value: Any) -> str:
    if isinstance(value, Instant | Label):
        return str(value)
    message = f"a {type(value).__name__} is not part of an answer"
    raise NotImplementedError(message)
