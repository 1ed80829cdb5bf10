"""The newswire of 1987: 16,000 real stories by the product's importer, the broker, and the loop with large batches.

The stories lie beside the checkout, never in it; what they should give is computed here from the file alone.
"""

from __future__ import annotations

import gzip
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import msgspec
import pytest
from support.asked import rows
from support.kit import Newsroom
from support.stack import fresh_topics

from newsroom_consumers.queries.answers import ListEntry, TagPage, TimelinePage
from newsroom_consumers.store.tables import EVENT
from newsroom_producers.importers.emit import send_lines
from newsroom_producers.importers.lines import read_lines
from newsroom_producers.importers.stories import StoryReader
from newsroom_producers.receipts import Receipt
from newsroom_schemas.instants import from_rfc3339

WIRE = Path(__file__).parents[3] / "shared" / "data" / "reuters-21578.jsonl.gz"
STORIES = 16_000
PAGE = 100
"""Entries of a page: the timeline has 160 of them."""

pytestmark = pytest.mark.skipif(not WIRE.exists(), reason=f"{WIRE.name} does not lie in ../shared/data")


class Wired(msgspec.Struct, frozen=True):
    """What a list needs to know of a story of the file."""

    id: str
    published_at: str
    topics: frozenset[str]
    places: frozenset[str]
    people: frozenset[str]
    organizations: frozenset[str]
    exchanges: frozenset[str]

    @property
    def at(self) -> int:
        """Instant on the wire, microseconds."""
        return from_rfc3339(self.published_at)

    @property
    def tags(self) -> frozenset[str]:
        """All tags of the desk."""
        return self.topics | self.places | self.people | self.organizations | self.exchanges


@pytest.fixture(scope="module")
def wire() -> list[Wired]:
    """Read the file; give the stories newest first. No two of them share an instant."""
    with gzip.open(WIRE) as lines:
        found = [msgspec.json.decode(line, type=Wired) for line in lines]
    return sorted(found, key=lambda story: story.at, reverse=True)


@pytest.fixture(scope="module")
def newsroom(broker: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    """Open a newsroom that has imported the wire and folded it."""
    folder = tmp_path_factory.mktemp("wire")
    with (
        fresh_topics(broker, f"wire-{uuid.uuid4().hex[:12]}") as prefix,
        closing(Newsroom(broker, prefix, folder, batch=5000)) as opened,
    ):
        _import(opened)
        opened.work()
        yield opened


def test_every_story_is_live_once(newsroom: Newsroom, wire: list[Wired]) -> None:
    tables = newsroom.tables()
    assert sorted(row[0] for row in tables["published"]) == sorted(story.id for story in wire)
    assert {row[1] for row in tables["published"]} == {"en"}
    assert {row["outcome"] for row in rows(newsroom, EVENT)} == {"applied"}
    assert (len(tables["event"]), len(tables["timeline"])) == (2 * STORIES, STORIES)
    assert (tables["gone"], tables["parked"]) == ([], [])


def test_the_timeline_shows_every_story_in_order_through_all_pages(newsroom: Newsroom, wire: list[Wired]) -> None:
    shown = newsroom.look(lambda seen: _all_pages(partial(seen.queries.timeline, "en")))
    assert [(each.article_id, each.published_at) for each in shown] == [(story.id, story.at) for story in wire]


def test_every_tag_shows_its_stories_in_order_through_all_pages(newsroom: Newsroom, wire: list[Wired]) -> None:
    expected: dict[str, list[str]] = {}
    for story in wire:
        for tag in story.tags:
            expected.setdefault(tag, []).append(story.id)
    assert len(expected) > 300
    found = newsroom.look(lambda seen: {tag: _all_pages(partial(seen.queries.tag, tag, "en")) for tag in expected})
    assert {tag: [each.article_id for each in items] for tag, items in found.items()} == expected


def test_a_second_import_changes_nothing_but_event_rows(newsroom: Newsroom) -> None:
    before = newsroom.tables()
    _import(newsroom)
    newsroom.work()
    after = newsroom.tables()
    assert {name for name in after if after[name] != before[name]} == {"event", "cursor"}
    again = [row for row in rows(newsroom, EVENT) if row["outcome"] != "applied"]
    assert {(row["outcome"], row["differs"], row["decided"]) for row in again} == {("duplicate", 0, 0)}
    assert len(again) == 2 * STORIES


def _import(newsroom: Newsroom) -> None:
    """Import the file as the command does; every event must be acknowledged."""
    reader = StoryReader(actor="importer", source="newsroom-import", language="en")
    with WIRE.open("rb") as file:
        settled = [each for _, each in send_lines(read_lines(file), reader, newsroom.transport)]
    assert [each for each in settled if not isinstance(each, Receipt)] == []
    assert len(settled) == 2 * STORIES


def _all_pages(ask: Callable[..., TimelinePage | TagPage]) -> list[ListEntry]:
    """Read a list to its end."""
    page = ask(limit=PAGE)
    items = list(page.items)
    while page.next is not None:
        page = ask(limit=PAGE, after=page.next)
        items += page.items
    return items
