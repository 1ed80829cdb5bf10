"""Pages of the timeline and of tags: one order, every story once, cursors that stay right while the list changes."""

from __future__ import annotations

import base64
from collections.abc import Callable

import msgspec
import pytest
from integration.conftest import on_both_databases
from support.fold_model import MINUTE, NOON, SECOND, unpublished
from support.kit import Newsroom, Snapshot
from support.stories import Story, newest_first, send, send_stories

from newsroom_consumers.projections.place import InvalidCursorError, from_cursor
from newsroom_consumers.queries.answers import TagPage, TimelinePage
from newsroom_producers.desk import new_event_id

Ask = Callable[[Snapshot, int, str | None], TimelinePage | TagPage]

ASKED: dict[str, Ask] = {
    "timeline": lambda seen, limit, after: seen.queries.timeline("uk", limit=limit, after=after),
    "tag": lambda seen, limit, after: seen.queries.tag("flood", "uk", limit=limit, after=after),
    "merged tag": lambda seen, limit, after: seen.queries.tag("deluge", "uk", limit=limit, after=after),
}


def _cursor(text: str) -> str:
    """Write a text as cursors are written."""
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


EARLY, LATE = "00000000-0000-7000-8000-00000000000a", "00000000-0000-7000-8000-00000000000b"
TIED = [
    Story(id="first", at=NOON - MINUTE),
    Story(id="minute-1", at=NOON + SECOND),
    Story(id="minute-2", at=NOON + SECOND + 1),
    Story(id="Z-upper", at=NOON, event_id=EARLY),
    Story(id="a-hyphen", at=NOON, event_id=EARLY),
    Story(id="a_underscore", at=NOON, event_id=EARLY),
    Story(id="A-smallest", at=NOON, event_id=LATE),
    Story(id="last", at=NOON + MINUTE),
]
"""Two in one minute, four at one instant; three of these share an event id too, so that bytes of the id decide."""


@pytest.fixture
def stories(newsroom: Newsroom) -> list[Story]:
    """Publish the tied stories, tagged with one of two merged tags or with both, and one in another language."""
    tags = [("flood",), ("flood", "deluge"), ("deluge",)]
    tied = [msgspec.structs.replace(story, tags=tags[index % 3]) for index, story in enumerate(TIED)]
    desk = newsroom.desk()
    for tag_id in ("flood", "deluge"):
        desk.define_tag(tag_id, labels={})
    desk.merge_tag("deluge", into="flood")
    send_stories(newsroom, [*tied, Story(id="english", language="en", tags=("flood",))])
    newsroom.work()
    return tied


@pytest.mark.parametrize("asked", ASKED)
@on_both_databases
def test_pages_of_every_size_show_each_story_once_in_order(
    newsroom: Newsroom, stories: list[Story], asked: str
) -> None:
    expected = newest_first(stories)
    assert expected[2:-1] == ["minute-1", "A-smallest", "a_underscore", "a-hyphen", "Z-upper"]
    for size in range(1, len(stories) + 2):
        pages = [_articles(page) for page in _pages(newsroom, ASKED[asked], size)]
        assert [article for page in pages for article in page] == expected
        assert {len(page) for page in pages[:-1]} <= {size}
        assert len(pages[-1]) > 0


@pytest.mark.parametrize("asked", ASKED)
@on_both_databases
def test_a_cursor_goes_on_behind_its_page_while_stories_come_and_go(
    newsroom: Newsroom, stories: list[Story], asked: str
) -> None:
    """News at the top does not move it, news behind it is shown, and the page's last story may be withdrawn."""
    read = newest_first(stories)[:4]
    page = newsroom.look(lambda seen: ASKED[asked](seen, 4, None))
    assert _articles(page) == read
    behind = Story(id="behind", at=NOON - 2 * MINUTE, tags=("deluge",))
    send_stories(newsroom, [Story(id="breaking", at=NOON + 2 * MINUTE, tags=("flood",)), behind])
    send(newsroom, [unpublished(article_id=read[-1], event_id=new_event_id())])
    newsroom.work()
    rest = newsroom.look(lambda seen: ASKED[asked](seen, 100, page.next))
    assert _articles(rest) == [each for each in newest_first([*stories, behind]) if each not in read]
    assert _articles(newsroom.look(lambda seen: ASKED[asked](seen, 1, None))) == ["breaking"]


@on_both_databases
def test_lists_of_one_language_know_no_other(newsroom: Newsroom, stories: list[Story]) -> None:
    for ask in (
        lambda seen: seen.queries.timeline("en", limit=10),
        lambda seen: seen.queries.tag("flood", "en", limit=10),
    ):
        assert _articles(newsroom.look(ask)) == ["english"]
    assert newsroom.look(lambda seen: seen.queries.timeline("de", limit=10)) == TimelinePage(items=(), next=None)


@pytest.mark.parametrize(
    "cursor",
    [
        "nonsense",
        "☃",
        "W=10",
        _cursor("nonsense"),
        _cursor("[]"),
        _cursor('["x","a","b"]'),
        _cursor('[1,"a","b","c"]'),
        _cursor('[9223372036854775808,"a","b"]'),
        _cursor('[1,"a\\u0000","b"]'),
        _cursor('[1,"a","b;"]'),
    ],
)
def test_a_cursor_that_is_none_of_ours_is_refused(cursor: str) -> None:
    """Texts that no base64 is, that no place is, and places that no database could compare."""
    with pytest.raises(InvalidCursorError, match="use the value of 'next' from the page before"):
        from_cursor(cursor)


@on_both_databases
def test_every_list_refuses_such_a_cursor(newsroom: Newsroom, stories: list[Story]) -> None:
    for ask in ASKED.values():
        with pytest.raises(InvalidCursorError):
            newsroom.look(lambda seen, ask=ask: ask(seen, 5, "nonsense"))  # type: ignore[misc]


def _pages(newsroom: Newsroom, ask: Ask, size: int) -> list[TimelinePage | TagPage]:
    """Read a list to its end, page by page."""
    pages = [newsroom.look(lambda seen: ask(seen, size, None))]
    while (after := pages[-1].next) is not None:
        pages.append(newsroom.look(lambda seen, after=after: ask(seen, size, after)))  # type: ignore[misc]
    return pages


def _articles(page: TimelinePage | TagPage) -> list[str]:
    return [item.article_id for item in page.items]
