"""The desk: one method, one event, one receipt."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from newsroom_producers.desk import Desk, new_event_id
from newsroom_producers.receipts import Receipt, Sendable, SendResult
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
from newsroom_schemas.instants import from_rfc3339
from newsroom_schemas.values import Block, Note

NOON = datetime(2025, 2, 7, 12, tzinfo=UTC)
NOON_MICROSECONDS = 1_738_929_600_000_000


class Notebook:
    """A transport that only writes down what it was given."""

    def __init__(self) -> None:
        self.events: list[AnyEvent] = []

    def send(self, event: AnyEvent) -> Receipt:
        """Write an event down."""
        self.events.append(event)
        return Receipt(event_id=event.event_id, topic="t", partition=0, offset=len(self.events) - 1)

    def send_all(self, events: Iterable[Sendable]) -> Iterator[SendResult]:
        """Refuse: a desk sends one by one."""
        raise NotImplementedError


@pytest.fixture
def notebook() -> Notebook:
    return Notebook()


@pytest.fixture
def desk(notebook: Notebook) -> Desk:
    return Desk(notebook, source="cms", actor="olena", clock=lambda: NOON, new_id=lambda: "id-1")


def every_act(desk: Desk) -> None:
    """Do everything that a desk can do, once."""
    blocks = (Block(kind="paragraph", text="x"),)
    desk.create("a", "uk", headline="Буря", tags=("t",), blocks=blocks)
    desk.edit("a", "uk", expected_version=1, lead="l", cleared=("image",))
    desk.translate(
        "a", "en", source_language="uk", source_version=2, expected_version=0, headline="Storm", translator="iryna"
    )
    desk.classify("a", section="world", tags=("t",), flags=())
    desk.schedule("a", "uk", publish_at=NOON)
    desk.unschedule("a", "uk")
    desk.embargo("a", until=None)
    desk.publish("a", "uk", expected_version=None, note=Note(kind="update", text="n"))
    desk.unpublish("a", reason="merged", successor="b")
    desk.release("a")
    desk.skip("a", topic="t", partition=1, offset=2, sha256="0" * 64)
    desk.define_tag("t", labels={"uk": "Т"})
    desk.merge_tag("t", into="u")


def test_every_act_is_the_event_of_its_name(desk: Desk, notebook: Notebook) -> None:
    every_act(desk)
    blocks = (Block(kind="paragraph", text="x"),)
    every: dict[str, Any] = {"event_id": "id-1", "occurred_at": NOON_MICROSECONDS, "actor": "olena", "source": "cms"}
    article = {**every, "article_id": "a"}
    assert notebook.events == [
        ArticleCreated(**article, language="uk", slug="buria", headline="Буря", tags=("t",), blocks=blocks),
        ArticleEdited(**article, language="uk", expected_version=1, lead="l", cleared=("image",)),
        ArticleTranslated(
            **article,
            language="en",
            source_language="uk",
            source_version=2,
            expected_version=0,
            headline="Storm",
            slug="storm",
            translator="iryna",
        ),
        ArticleClassified(**article, section="world", tags=("t",)),
        ArticleScheduled(**article, language="uk", publish_at=NOON_MICROSECONDS),
        ArticleUnscheduled(**article, language="uk"),
        ArticleEmbargoed(**article),
        ArticlePublished(**article, language="uk", note=Note(kind="update", text="n")),
        ArticleUnpublished(**article, reason="merged", successor="b"),
        ArticleReleased(**article),
        RecordSkipped(**article, topic="t", partition=1, offset=2, sha256="0" * 64),
        TagDefined(**every, tag_id="t", labels={"uk": "Т"}),
        TagMerged(**every, tag_id="t", into="u"),
    ]


def test_the_receipt_says_where_the_event_is(desk: Desk) -> None:
    assert desk.release("a", event_id="mine") == Receipt(event_id="mine", topic="t", partition=0, offset=0)


def test_an_instant_of_any_zone_is_the_same_instant(desk: Desk, notebook: Notebook) -> None:
    desk.publish("a", "uk", expected_version=1, published_at=NOON.astimezone(timezone(timedelta(hours=2))))
    assert isinstance(notebook.events[0], ArticlePublished)
    assert notebook.events[0].published_at == NOON_MICROSECONDS


def test_a_naive_instant_is_refused_by_the_name_of_its_field(desk: Desk) -> None:
    with pytest.raises(InvalidEventError, match=r"ArticleScheduled\.publish_at: .* has no time zone"):
        desk.schedule("a", "uk", publish_at=NOON.replace(tzinfo=None))


def test_microseconds_are_exact_far_from_the_epoch() -> None:
    assert from_rfc3339("9999-12-31T23:59:59.999999Z") == 253_402_300_799_999_999
    assert from_rfc3339("0001-01-01T00:00:00Z") == -62_135_596_800_000_000


def test_event_ids_are_ordered_uuids_of_version_7() -> None:
    ids = [new_event_id() for _ in range(100)]
    assert ids == sorted(ids)
    assert {uuid.UUID(event_id).version for event_id in ids} == {7}
