"""``newsroom compare``: what another build, or another cut of the log, would change for readers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from sqlalchemy import Table
from support.fold_model import unpublished
from support.kit import Newsroom
from support.replays import replayed
from support.stories import Story, send, send_stories
from support.workers import run

from newsroom_consumers.fold.batch import BatchFold
from newsroom_consumers.log.cut import Cut
from newsroom_consumers.projections import PROJECTIONS, Row, tags
from newsroom_producers.desk import new_event_id
from newsroom_schemas.fold.state import Page

STORIES = 30


class FewerTags:
    """A tag index that leaves one tag out."""

    VERSION = 1
    TABLES: tuple[Table, ...] = tags.TABLES

    def rows(self, page: Page) -> Iterator[Row]:
        """Return the rows of the real one but for that tag."""
        return (row for row in tags.rows(page) if row[1][0] != "war")


@pytest.fixture
def compared(newsroom: Newsroom) -> Newsroom:
    """Return a newsroom with generations beside the live one: the same, one of other code, one of an earlier cut."""
    send_stories(newsroom, [Story(id=f"story-{number:02}", tags=("war", "sport")) for number in range(STORIES)])
    earlier = newsroom.ends()
    send(newsroom, [unpublished(article_id="story-00", event_id=new_event_id())])
    newsroom.work()
    replayed(newsroom, "same")
    replayed(newsroom, "other", folding=BatchFold({**PROJECTIONS, "tags": FewerTags()}))
    replayed(newsroom, "earlier", earlier)
    return newsroom


def test_compare_says_what_differs_in_words_and_json(compared: Newsroom) -> None:
    equal = run(compared, "compare", "main", "same")
    assert (equal.returncode, equal.stdout, equal.stderr) == (0, "main and same are equal\n", "")

    other = run(compared, "compare", "main", "other")
    listed = ", ".join(f"story-{number:02}" for number in range(1, 9))
    assert (other.returncode, other.stderr) == (1, "")
    assert other.stdout.splitlines() == [
        f"tag page war (uk): lost {STORIES - 1}: {listed} and {STORIES - 9} more",
        "from main to other: 1 tag page changes",
    ]

    answered = run(compared, "compare", "other", "main", "--json")
    answer: dict[str, Any] = msgspec.json.decode(answered.stdout)
    assert (answered.returncode, answer["equal"], answer["a"], answer["b"]) == (1, False, "other", "main")
    assert [(each["tag_id"], len(each["gained"]), each["lost"]) for each in answer["tags"]] == [
        ("war", STORIES - 1, [])
    ]
    assert {name for name, each in answer["digests"].items() if each["a"] != each["b"]} == {"tag_entry"}


def test_compare_refuses_what_it_cannot_compare(compared: Newsroom) -> None:
    unknown = run(compared, "compare", "main", "nowhere")
    assert unknown.returncode == 3
    assert "there is no generation nowhere: there is main, same, other, earlier" in unknown.stderr

    behind = run(compared, "compare", "main", "earlier")
    assert behind.returncode == 4
    (at,) = (at for at, end in compared.ends().items() if end != position(compared, "earlier")[at])
    assert f"{at.topic}/{at.partition}: {compared.ends()[at]} and {compared.ends()[at] - 1}" in behind.stderr

    common = run(compared, "compare", "main", "earlier", "--common")
    assert (common.returncode, common.stderr) == (0, "")
    assert common.stdout == "main and earlier are equal; 1 article was left out, of which one holds more records\n"


def position(newsroom: Newsroom, name: str) -> Cut:
    """Return how far a generation is, 0 where it has not begun."""
    beside = Newsroom(newsroom.bootstrap, "", newsroom.place, generation=name)
    return dict.fromkeys(newsroom.ends(), 0) | dict(beside.positions())


def test_no_more_lines_are_printed_than_asked_for(compared: Newsroom) -> None:
    session = compared.database.session("same")
    with session.begin() as connection:
        connection.exec_driver_sql("UPDATE published SET headline = 'Evil \x1b[2J' || article_id")
    session.close()
    answered = run(compared, "compare", "main", "same", "--limit", "2")
    assert answered.returncode == 1
    assert answered.stdout.splitlines() == [
        *(
            f"article story-0{number} (uk) changes: published headline Headline of story-0{number} -> "
            f"Evil \N{REPLACEMENT CHARACTER}[2Jstory-0{number}"
            for number in (1, 2)
        ),
        f"… and {STORIES - 3} more of articles (--limit, or --json for all)",
        f"from main to same: {STORIES - 1} articles change",
    ]
