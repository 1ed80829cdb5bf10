"""The desk: one method for each editorial act, and one event in the log for each act.

Example::

    desk = Desk(transport, source="cms", actor="olena")
    receipt = desk.publish("storm", "uk", expected_version=1)
    receipt.topic, receipt.partition, receipt.offset    # where the log keeps the event

Every method waits until the log has acknowledged the event, and raises a NewsroomError when it has not. A receipt says
where the event is, not its outcome: whether it was applied is decided when the log is folded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TypedDict, Unpack

import uuid_utils

from newsroom_producers.receipts import Receipt, Transport
from newsroom_producers.slug import slugify
from newsroom_schemas import events
from newsroom_schemas.errors import InvalidEventError
from newsroom_schemas.instants import to_microseconds
from newsroom_schemas.values import Author, Block, Image, Note


class OptionalTexts(TypedDict, total=False):
    """The texts of an edition that an act may leave out."""

    lead: str | None
    image: Image | None
    authors: tuple[Author, ...]
    legacy_urls: tuple[str, ...]
    blocks: tuple[Block, ...]


class EditedTexts(OptionalTexts, total=False):
    """The texts that an edit may change; those left out keep their value."""

    slug: str
    headline: str


class _Envelope(TypedDict):
    """The fields that a desk fills in for every event."""

    event_id: str
    occurred_at: int
    actor: str
    source: str


class _Head(_Envelope):
    """The fields that every event of an article has."""

    article_id: str


def new_event_id() -> str:
    """Return a new event id: a UUID of version 7, ordered by time."""
    return str(uuid_utils.uuid7())


def now() -> datetime:
    """Return the present instant, UTC."""
    return datetime.now(UTC)


class Desk:
    """The acts of one person (``actor``, a staff id) in one tool (``source``). Made by `Connection.desk`.

    Every method sends one event and returns its receipt. Two arguments mean the same in all of them:

    * ``event_id``: pass one of your own, and the act may be sent again: the same id is the same act.
    * ``expected_version``: the version of the edition (of the card, in `classify`) that the author saw, 0 for "does not
      exist yet"; ``None`` does not check.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        source: str,
        actor: str,
        clock: Callable[[], datetime] = now,
        new_id: Callable[[], str] = new_event_id,
    ) -> None:
        self._transport = transport
        self._source = source
        self._actor = actor
        self._clock = clock
        self._new_id = new_id

    def create(
        self,
        article_id: str,
        language: str,
        *,
        headline: str,
        slug: str | None = None,
        section: str | None = None,
        tags: tuple[str, ...] = (),
        flags: tuple[str, ...] = (),
        expected_version: int | None = None,
        event_id: str | None = None,
        **texts: Unpack[OptionalTexts],
    ) -> Receipt:
        """Create an article with the draft of its first edition; without a slug, one is made from the headline."""
        event = events.ArticleCreated(
            language=language,
            headline=headline,
            slug=slugify(headline, language) if slug is None else slug,
            section=section,
            tags=tags,
            flags=flags,
            expected_version=expected_version,
            **texts,
            **self._head(article_id, event_id),
        )
        return self._transport.send(event)

    def edit(
        self,
        article_id: str,
        language: str,
        *,
        expected_version: int | None,
        cleared: tuple[str, ...] = (),
        event_id: str | None = None,
        **texts: Unpack[EditedTexts],
    ) -> Receipt:
        """Edit the draft of an edition: texts given are replaced, those named in ``cleared`` emptied, others kept."""
        event = events.ArticleEdited(
            language=language,
            expected_version=expected_version,
            cleared=cleared,
            **texts,
            **self._head(article_id, event_id),
        )
        return self._transport.send(event)

    def translate(
        self,
        article_id: str,
        language: str,
        *,
        source_language: str,
        source_version: int,
        expected_version: int | None,
        headline: str,
        slug: str | None = None,
        translator: str | None = None,
        method: str = "human",
        event_id: str | None = None,
        **texts: Unpack[OptionalTexts],
    ) -> Receipt:
        """Create or replace an edition, whole, as the translation of a version of an edition in another language."""
        event = events.ArticleTranslated(
            language=language,
            source_language=source_language,
            source_version=source_version,
            expected_version=expected_version,
            headline=headline,
            slug=slugify(headline, language) if slug is None else slug,
            translator=translator,
            method=method,
            **texts,
            **self._head(article_id, event_id),
        )
        return self._transport.send(event)

    def classify(
        self,
        article_id: str,
        *,
        section: str | None,
        tags: tuple[str, ...],
        flags: tuple[str, ...],
        expected_version: int | None = None,
        event_id: str | None = None,
    ) -> Receipt:
        """Replace the whole card of an article: section, tags and flags."""
        event = events.ArticleClassified(
            section=section,
            tags=tags,
            flags=flags,
            expected_version=expected_version,
            **self._head(article_id, event_id),
        )
        return self._transport.send(event)

    def schedule(
        self,
        article_id: str,
        language: str,
        *,
        publish_at: datetime,
        expected_version: int | None = None,
        event_id: str | None = None,
    ) -> Receipt:
        """Schedule the publication of an edition; the receipt's event id is the id of the schedule."""
        instant = _microseconds(events.ArticleScheduled, "publish_at", publish_at)
        event = events.ArticleScheduled(
            language=language, publish_at=instant, expected_version=expected_version, **self._head(article_id, event_id)
        )
        return self._transport.send(event)

    def unschedule(
        self, article_id: str, language: str, *, expected_version: int | None = None, event_id: str | None = None
    ) -> Receipt:
        """Cancel the schedule of an edition."""
        event = events.ArticleUnscheduled(
            language=language, expected_version=expected_version, **self._head(article_id, event_id)
        )
        return self._transport.send(event)

    def embargo(self, article_id: str, *, until: datetime | None, event_id: str | None = None) -> Receipt:
        """Forbid every publication of an article before an instant; ``None`` lifts the embargo."""
        instant = None if until is None else _microseconds(events.ArticleEmbargoed, "until", until)
        return self._transport.send(events.ArticleEmbargoed(until=instant, **self._head(article_id, event_id)))

    def publish(
        self,
        article_id: str,
        language: str,
        *,
        expected_version: int | None,
        published_at: datetime | None = None,
        note: Note | None = None,
        schedule_id: str | None = None,
        event_id: str | None = None,
    ) -> Receipt:
        """Publish the draft of an edition as it stands, with an optional note to readers."""
        instant = None if published_at is None else _microseconds(events.ArticlePublished, "published_at", published_at)
        event = events.ArticlePublished(
            language=language,
            expected_version=expected_version,
            published_at=instant,
            note=note,
            schedule_id=schedule_id,
            **self._head(article_id, event_id),
        )
        return self._transport.send(event)

    def unpublish(
        self,
        article_id: str,
        *,
        reason: str,
        languages: tuple[str, ...] = (),
        note: str | None = None,
        successor: str | None = None,
        event_id: str | None = None,
    ) -> Receipt:
        """Withdraw editions, or all of them when no language is named; the reason ``legal`` also holds the article."""
        event = events.ArticleUnpublished(
            reason=reason, languages=languages, note=note, successor=successor, **self._head(article_id, event_id)
        )
        return self._transport.send(event)

    def release(self, article_id: str, *, event_id: str | None = None) -> Receipt:
        """Release an article from the hold that a legal takedown has set."""
        return self._transport.send(events.ArticleReleased(**self._head(article_id, event_id)))

    def skip(
        self, key: str, *, topic: str, partition: int, offset: int, sha256: str, event_id: str | None = None
    ) -> Receipt:
        """Skip a parked record for ever, named by its key, its place in the log, and the hash of its bytes."""
        event = events.RecordSkipped(
            topic=topic, partition=partition, offset=offset, sha256=sha256, **self._head(key, event_id)
        )
        return self._transport.send(event)

    def define_tag(self, tag_id: str, *, labels: Mapping[str, str], event_id: str | None = None) -> Receipt:
        """Define a tag, or replace its labels."""
        return self._transport.send(events.TagDefined(tag_id=tag_id, labels=dict(labels), **self._envelope(event_id)))

    def merge_tag(self, tag_id: str, *, into: str | None, event_id: str | None = None) -> Receipt:
        """Redirect a tag to another one; ``None`` removes the redirect."""
        return self._transport.send(events.TagMerged(tag_id=tag_id, into=into, **self._envelope(event_id)))

    def _head(self, article_id: str, event_id: str | None) -> _Head:
        """Return the fields that every event of an article has."""
        return {"article_id": article_id, **self._envelope(event_id)}

    def _envelope(self, event_id: str | None) -> _Envelope:
        """Return the fields that this desk fills in for every event."""
        at = _microseconds(events.Event, "occurred_at", self._clock())
        return {"event_id": event_id or self._new_id(), "occurred_at": at, "actor": self._actor, "source": self._source}


def _microseconds(type_: type[events.Event], field: str, instant: datetime) -> int:
    """Return an instant in microseconds; raise InvalidEventError, which names the field, for a naive datetime."""
    try:
        return to_microseconds(instant)
    except ValueError as error:
        raise InvalidEventError(type_.__name__, field, str(error)) from None
