"""The desk: the writing side's SDK. One method is one editorial act, and one act is one event in the log.

Example::

    desk = Desk(transport, source="cms", actor="olena")
    desk.create("storm", "uk", headline="Буря", blocks=(Block(kind="paragraph", text="Вночі…"),))
    receipt = desk.publish("storm", "uk", expected_version=1)

Every method waits until the log has acknowledged the event, and raises a NewsroomError when it did not. A receipt says
where the event is, not what became of it: the log decides that, and the outcome is read from a generation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypedDict, Unpack

import uuid_utils

from newsroom_producers.instants import to_microseconds
from newsroom_producers.receipts import Receipt, Transport
from newsroom_producers.slug import slugify
from newsroom_schemas.errors import InvalidEventError
from newsroom_schemas.events import (
    AnyEvent,
    ArticleClassified,
    ArticleCreated,
    ArticleEdited,
    ArticleEmbargoed,
    ArticlePublished,
    ArticleReleased,
    ArticleScheduled,
    ArticleTranslated,
    ArticleUnpublished,
    ArticleUnscheduled,
    RecordSkipped,
    TagDefined,
    TagMerged,
)
from newsroom_schemas.values import Author, Block, Image, Note


class OptionalTexts(TypedDict, total=False):
    """The texts of an edition that an act may leave out."""

    lead: str | None
    image: Image | None
    authors: tuple[Author, ...]
    legacy_urls: tuple[str, ...]
    blocks: tuple[Block, ...]


class EditedTexts(OptionalTexts, total=False):
    """The texts that an edit may change; those left out stay."""

    slug: str
    headline: str


def new_event_id() -> str:
    """Make an event id: a UUID of version 7, ordered by time."""
    return str(uuid_utils.uuid7())


def now() -> datetime:
    """Tell the time."""
    return datetime.now(UTC)


class Desk:
    """Emits the acts of one person (``actor``) in one tool (``source``) over a transport.

    ``event_id`` of every method is for an act that may be sent again: the same id is the same act. ``expected_version``
    is the version of the edition (of the card, in `classify`) that the author saw, 0 for "does not exist yet"; ``None``
    does not check.
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
        """Create an article with the draft of its first edition; the slug is made from the headline unless given."""
        slug = slugify(headline, language) if slug is None else slug
        card = {"section": section, "tags": tags, "flags": flags, "expected_version": expected_version}
        edition = {"article_id": article_id, "language": language, "headline": headline, "slug": slug}
        return self._emit(ArticleCreated, event_id, {**edition, **card, **texts})

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
        """Change the draft of an edition: texts given replace, texts named in ``cleared`` are emptied, others stay."""
        fields = {"article_id": article_id, "language": language, "expected_version": expected_version}
        return self._emit(ArticleEdited, event_id, {**fields, "cleared": cleared, **texts})

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
        """Make an edition, whole, from a version of an edition in another language."""
        slug = slugify(headline, language) if slug is None else slug
        edition = {"article_id": article_id, "language": language, "headline": headline, "slug": slug}
        source = {"source_language": source_language, "source_version": source_version}
        making = {"translator": translator, "method": method, "expected_version": expected_version}
        return self._emit(ArticleTranslated, event_id, {**edition, **source, **making, **texts})

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
        """Replace the card of an article: section, tags and flags, all of them."""
        card = {"section": section, "tags": tags, "flags": flags}
        return self._emit(
            ArticleClassified, event_id, {"article_id": article_id, "expected_version": expected_version, **card}
        )

    def schedule(
        self,
        article_id: str,
        language: str,
        *,
        publish_at: datetime,
        expected_version: int | None = None,
        event_id: str | None = None,
    ) -> Receipt:
        """Plan the publication of an edition; the event id of the receipt is the id of the schedule."""
        fields = {"language": language, "publish_at": publish_at, "expected_version": expected_version}
        return self._emit(ArticleScheduled, event_id, {"article_id": article_id, **fields})

    def unschedule(
        self, article_id: str, language: str, *, expected_version: int | None = None, event_id: str | None = None
    ) -> Receipt:
        """Call the schedule of an edition off."""
        fields = {"article_id": article_id, "language": language, "expected_version": expected_version}
        return self._emit(ArticleUnscheduled, event_id, fields)

    def embargo(self, article_id: str, *, until: datetime | None, event_id: str | None = None) -> Receipt:
        """Forbid every publication of an article before an instant; ``None`` lifts the embargo."""
        return self._emit(ArticleEmbargoed, event_id, {"article_id": article_id, "until": until})

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
        """Put the draft of an edition before readers, with a note to them where there is one."""
        fields = {"article_id": article_id, "language": language, "expected_version": expected_version}
        extras = {"published_at": published_at, "note": note, "schedule_id": schedule_id}
        return self._emit(ArticlePublished, event_id, {**fields, **extras})

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
        """Withdraw editions from readers, all when no language is named; ``legal`` also holds the article."""
        fields = {"article_id": article_id, "reason": reason, "languages": languages}
        return self._emit(ArticleUnpublished, event_id, {**fields, "note": note, "successor": successor})

    def release(self, article_id: str, *, event_id: str | None = None) -> Receipt:
        """Lift the hold that a legal takedown has set."""
        return self._emit(ArticleReleased, event_id, {"article_id": article_id})

    def skip(
        self, key: str, *, topic: str, partition: int, offset: int, sha256: str, event_id: str | None = None
    ) -> Receipt:
        """Give a parked record up: it is named by its key, its place in the log, and the hash of its bytes."""
        fields = {"topic": topic, "partition": partition, "offset": offset, "sha256": sha256}
        return self._emit(RecordSkipped, event_id, {"article_id": key, **fields})

    def define_tag(self, tag_id: str, *, labels: Mapping[str, str], event_id: str | None = None) -> Receipt:
        """Define a tag, or replace its labels."""
        return self._emit(TagDefined, event_id, {"tag_id": tag_id, "labels": dict(labels)})

    def merge_tag(self, tag_id: str, *, into: str | None, event_id: str | None = None) -> Receipt:
        """Redirect a tag to another one; ``None`` takes the redirect back."""
        return self._emit(TagMerged, event_id, {"tag_id": tag_id, "into": into})

    def _emit(self, type_: type[AnyEvent], event_id: str | None, fields: dict[str, Any]) -> Receipt:
        """Make the event, with microseconds for datetimes, and send it."""
        fields["occurred_at"] = self._clock()
        for name, value in fields.items():
            if isinstance(value, datetime):
                fields[name] = _microseconds(type_, name, value)
        event = type_(event_id=event_id or self._new_id(), actor=self._actor, source=self._source, **fields)
        return self._transport.send(event)


def _microseconds(type_: type[AnyEvent], field: str, instant: datetime) -> int:
    """Count an instant's microseconds, or name the field that holds a naive datetime."""
    try:
        return to_microseconds(instant)
    except ValueError as error:
        raise InvalidEventError(type_.__name__, field, str(error)) from None
