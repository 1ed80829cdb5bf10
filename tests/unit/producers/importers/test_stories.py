"""The importer: finished stories as the events that create and publish them."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from newsroom_producers.importers.stories import StoryReader
from newsroom_schemas.errors import DuplicateStoryError, InvalidEventError, NewsroomError
from newsroom_schemas.events import AnyEvent, ArticleCreated, ArticlePublished, ArticleTranslated
from newsroom_schemas.values import Author, Block

WIRE: dict[str, Any] = {
    "id": "wire-7",
    "published_at": "1987-02-26T15:01:01.790000Z",
    "headline": "PORT STRIKE ENDS",
    "dateline": "ODESSA, Feb 26 -",
    "paragraphs": ["Ships <three> & more sail.", 'A second "day".'],
    "topics": ["ship", "grain"],
    "places": ["ussr", "grain"],
    "people": [],
    "organizations": ["imo"],
    "exchanges": [],
}


def new_reader() -> StoryReader:
    """Make the reader of one file."""
    return StoryReader(actor="desk", source="newsroom-import", language="en")


def read(reader: StoryReader | None = None, **changes: Any) -> tuple[AnyEvent, ...]:
    """Read the wire story, changed."""
    return (reader or new_reader())(json.dumps({**WIRE, **changes}).encode())


def created(**changes: Any) -> ArticleCreated:
    """Return the creation of a story."""
    event, _ = read(**changes)
    assert isinstance(event, ArticleCreated)
    return event


def test_a_story_is_created_and_published_at_its_own_instant() -> None:
    microseconds = 541_350_061_790_000
    creation, publication = read()
    assert creation == ArticleCreated(
        event_id=creation.event_id,
        occurred_at=microseconds,
        actor="desk",
        source="newsroom-import",
        article_id="wire-7",
        language="en",
        slug="port-strike-ends",
        headline="PORT STRIKE ENDS",
        tags=("ship", "grain", "ussr", "imo"),
        blocks=(
            Block(kind="paragraph", label="ODESSA, Feb 26 -", text="Ships &lt;three&gt; &amp; more sail."),
            Block(kind="paragraph", text='A second "day".'),
        ),
    )
    assert publication == ArticlePublished(
        event_id=publication.event_id,
        occurred_at=microseconds,
        published_at=microseconds,
        actor="desk",
        source="newsroom-import",
        article_id="wire-7",
        language="en",
        expected_version=1,
    )


def test_a_second_import_makes_the_same_events() -> None:
    assert read() == read()


def test_event_ids_are_derived_from_id_language_and_act() -> None:
    stories: list[dict[str, Any]] = [{}, {"id": "wire-8"}, {"language": "uk"}]
    ids = [event.event_id for changes in stories for event in read(**changes)]
    assert len(set(ids)) == 6
    assert {uuid.UUID(event_id).version for event_id in ids} == {5}


def test_event_ids_of_imports_never_change() -> None:
    """Another id for the same act would import every story a second time."""
    assert [event.event_id for event in read()] == [
        "b69edfeb-c463-5154-babe-e2487b5b2f36",
        "e7f3582e-9fff-57ca-8fee-f2048b345747",
    ]


def test_tags_are_the_union_in_order_and_each_once() -> None:
    assert created(tags=["ussr", "port"]).tags == ("ussr", "port", "ship", "grain", "imo")


def test_an_id_outside_the_pattern_becomes_a_slug() -> None:
    event = created(
        tags=["World News", "Північна Корея", "x" * 70], section="Світ", language="uk", topics=[], places=[]
    )
    assert event.tags == ("world-news", "pivnichna-koreia", "x" * 64, "imo")
    assert event.section == "svit"


def test_an_author_is_named_by_id_or_by_name_alone() -> None:
    assert created(authors=[{"id": "olena", "name": "Олена Коваль"}, "Dmytro Shevchuk"]).authors == (
        Author(id="olena", name="Олена Коваль"),
        Author(id="dmytro-shevchuk", name="Dmytro Shevchuk"),
    )


def test_blocks_are_taken_as_they_are() -> None:
    event = created(paragraphs=None, dateline=None, blocks=[{"kind": "quote", "text": "<b>Yes</b>"}])
    assert event.blocks == (Block(kind="quote", text="<b>Yes</b>"),)


def test_a_later_language_of_a_story_is_its_translation() -> None:
    reader = new_reader()
    read(reader)
    translation, publication = read(reader, language="uk", headline="Страйк скінчився")
    assert isinstance(translation, ArticleTranslated)
    assert (translation.source_language, translation.source_version, translation.language) == ("en", 1, "uk")
    assert translation.slug == "straik-skinchyvsia"
    assert isinstance(publication, ArticlePublished)
    assert publication.language == "uk"


def test_a_story_that_stands_twice_in_a_file_is_refused() -> None:
    reader = new_reader()
    read(reader)
    with pytest.raises(DuplicateStoryError, match="wire-7 in en is on an earlier line"):
        read(reader)


def test_a_bad_line_does_not_count_as_the_story() -> None:
    reader = new_reader()
    with pytest.raises(InvalidEventError):
        read(reader, flags=["not an id"])
    (event, _) = read(reader, language="uk")
    assert isinstance(event, ArticleCreated)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"id": "no id"}, "article_id"),
        ({"id": None}, r"`\$\.id`"),
        ({"language": "Ukrainian"}, "language"),
        ({"published_at": "yesterday"}, "published_at: "),
        ({"published_at": "1987-02-26T15:01:01"}, "published_at: "),
        ({"headlnie": "x"}, "`headlnie`"),
        ({"tags": ["…"]}, "tags: '…' has no letter"),
        ({"blocks": []}, "paragraphs and blocks"),
        ({"paragraphs": ["a\0b"]}, r"blocks\.text"),
    ],
)
def test_a_bad_story_is_refused_by_the_name_of_what_is_bad(changes: dict[str, Any], named: str) -> None:
    with pytest.raises(NewsroomError, match=named):
        read(**changes)
