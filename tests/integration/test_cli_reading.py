"""The commands that answer questions, as a person and a program run them."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import msgspec
import pytest
from support.fold_model import MINUTE, NOON, edited
from support.kit import Newsroom
from support.raw import RawLog
from support.stack import fresh_topics
from support.stories import Story, send_stories

from newsroom_consumers.queries.answers import to_json
from newsroom_producers.desk import new_event_id

Answered = subprocess.CompletedProcess[str]

MARKUP = "[bold red]Буря[/] :storm:"
"""A headline that a careless terminal would take for its own."""


@pytest.fixture(scope="module")
def newsroom(broker: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    """Open a newsroom with two stories, a tag, a withdrawn story and a parked one."""
    folder = tmp_path_factory.mktemp("reading")
    with (
        fresh_topics(broker, f"reading-{uuid.uuid4().hex[:12]}") as prefix,
        closing(Newsroom(broker, prefix, folder)) as opened,
        closing(RawLog(opened)) as raw_log,
    ):
        opened.desk().define_tag("weather", labels={"uk": "Погода"})
        storm = Story(id="storm", tags=("weather",), texts={"headline": MARKUP})
        rain = Story(id="rain", at=NOON - MINUTE, tags=("weather",))
        send_stories(opened, [storm, rain, Story(id="gone"), Story(id="waiting", at=NOON - 2 * MINUTE)])
        opened.desk().unpublish("gone", reason="error", note="Помилка.")
        raw_log.event(edited(article_id="waiting", event_id=new_event_id()), cut=1)
        opened.work()
        yield opened


def run(newsroom: Newsroom, *command: str, **settings: str) -> Answered:
    """Run a command in the newsroom's settings and those given, in a home that does not exist."""
    own = {
        "NEWSROOM_KAFKA": newsroom.bootstrap,
        "NEWSROOM_TOPIC_PREFIX": newsroom.topics.articles.removesuffix(".articles"),
        "NEWSROOM_DATABASE": newsroom.place,
        "NEWSROOM_HOME": f"{newsroom.place}/home",
        "COLUMNS": "200",
    }
    line = [sys.executable, "-m", "newsroom_infra", *command]
    return subprocess.run(
        line, env=os.environ | own | settings, capture_output=True, text=True, timeout=60, check=False
    )


JSON: dict[str, Callable[[Any], Any]] = {
    "article storm --language uk": lambda seen: seen.queries.article("storm", "uk"),
    "article gone --language uk": lambda seen: seen.queries.article("gone", "uk"),
    "timeline --language uk --limit 1": lambda seen: seen.queries.timeline("uk", limit=1),
    "tag weather --language uk": lambda seen: seen.queries.tag("weather", "uk", limit=20),
    "outcomes gone": lambda seen: seen.ledger.outcomes("gone"),
    "parked list": lambda seen: seen.ledger.parked(),
    "parked show waiting": lambda seen: seen.ledger.parked_records("waiting"),
}


@pytest.mark.parametrize("command", JSON)
def test_json_is_the_answer_of_the_query_and_nothing_else(newsroom: Newsroom, command: str) -> None:
    answered = run(newsroom, *command.split(), "--json", PYTHONIOENCODING="ascii", TZ="America/New_York")
    assert (answered.returncode, answered.stderr) == (0, "")
    expected = to_json(newsroom.look(JSON[command]))
    assert answered.stdout == msgspec.json.format(expected, indent=2).decode() + "\n"
    assert msgspec.json.decode(answered.stdout) == msgspec.json.decode(expected)


def test_a_cursor_leads_from_page_to_page(newsroom: Newsroom) -> None:
    first = newsroom.look(lambda seen: seen.queries.timeline("uk", limit=1))
    answered = run(newsroom, "timeline", "--language", "uk", "--after", str(first.next), "--json")
    page = msgspec.json.decode(answered.stdout)
    assert [item["article_id"] for item in page["items"]] == ["rain", "waiting"]
    assert page["next"] is None


TABLES = {
    "article storm --language uk": (MARKUP, "Погода", "/uk/news/storm/slug"),
    "article gone --language uk": ("gone", "error", "Помилка."),
    "timeline --language uk": (MARKUP, "14:00", "storm", "13:59", "rain"),
    "tag weather --language uk": ("Погода (weather)", MARKUP, "rain"),
    "outcomes gone": ("ArticleUnpublished", "applied", "olena"),
    "parked list": ("waiting", "decode", "ends early"),
    "parked show waiting": ("decode", "ends early"),
}


@pytest.mark.parametrize("command", TABLES)
def test_a_table_shows_a_person_the_same(newsroom: Newsroom, command: str) -> None:
    answered = run(newsroom, *command.split())
    assert (answered.returncode, answered.stderr) == (0, "")
    assert [text for text in TABLES[command] if text not in answered.stdout] == []


FAILURES: dict[str, tuple[int, str]] = {
    "article unheard-of --language uk": (3, "error: readers have no article unheard-of in uk"),
    "tag unheard-of --language uk --json": (3, "error: readers have no tag unheard-of"),
    "outcomes unheard-of": (3, "error: readers have no event of article unheard-of"),
    "timeline --language uk --after nonsense": (2, "error: not a valid cursor: 'nonsense'"),
    "timeline": (2, "Missing option '--language'"),
}


@pytest.mark.parametrize("command", FAILURES)
def test_a_failure_says_why_on_stderr_only(newsroom: Newsroom, command: str) -> None:
    code, text = FAILURES[command]
    answered = run(newsroom, *command.split())
    assert (answered.returncode, answered.stdout) == (code, "")
    assert text in answered.stderr
    assert "Traceback" not in answered.stderr


def test_a_setting_that_cannot_be_read_is_a_usage_error(newsroom: Newsroom) -> None:
    answered = run(newsroom, "timeline", "--language", "uk", NEWSROOM_TIMEZONE="Nowhere/At_All")
    assert (answered.returncode, "NEWSROOM_TIMEZONE" in answered.stderr) == (2, True)


def test_without_a_generation_nobody_can_tell(newsroom: Newsroom) -> None:
    answered = run(newsroom, "timeline", "--language", "uk", NEWSROOM_DATABASE=f"{newsroom.place}/empty")
    assert (answered.returncode, answered.stdout) == (4, "")
    assert "start a worker" in answered.stderr


def test_wait_returns_when_everything_is_folded_and_times_out_when_not(newsroom: Newsroom) -> None:
    assert run(newsroom, "wait", "--timeout", "10").returncode == 0
    newsroom.desk().define_tag("late", labels={})
    answered = run(newsroom, "wait", "--timeout", "0.2")
    assert (answered.returncode, answered.stdout) == (5, "")
    assert "still 1 records behind" in answered.stderr
    newsroom.work()
    assert run(newsroom, "wait", "--timeout", "10").returncode == 0
