"""``newsroom import``: stories go in whole, and going in again makes the same bytes."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner, Result
from support.logged import logged
from support.stack import alter_topic

from newsroom_infra.cli import newsroom
from newsroom_schemas.events import ArticleCreated, ArticlePublished

Import = Callable[..., Result]


@pytest.fixture
def import_(broker: str, topic_prefix: str) -> Import:
    """Run the command on some lines."""
    settings = {"NEWSROOM_KAFKA": broker, "NEWSROOM_TOPIC_PREFIX": topic_prefix}

    def run(lines: list[bytes], *options: str) -> Result:
        data = gzip.compress(b"\n".join(lines))
        return CliRunner().invoke(newsroom, ["import", "--actor", "desk", *options], input=data, env=settings)

    return run


def story(number: int, **changes: Any) -> bytes:
    """Write a story of our own."""
    fields = {
        "id": f"story-{number}",
        "published_at": f"2025-02-07T18:{number % 60:02}:00Z",
        "headline": f"Ferry number {number} sails",
        "paragraphs": ["It sails."],
        "tags": ["ferries"],
    }
    return json.dumps({**fields, **changes}).encode()


def test_every_story_is_created_and_then_published(import_: Import, broker: str, topic_prefix: str) -> None:
    result = import_([story(number) for number in range(300)])
    assert result.exit_code == 0
    assert result.stdout.startswith("300 stories, 600 events in ")
    assert result.stderr == ""
    types: dict[str, list[type]] = {}
    for record in logged(broker, f"{topic_prefix}.articles"):
        types.setdefault(record.key, []).append(type(record.event))
    assert types == {f"story-{number}": [ArticleCreated, ArticlePublished] for number in range(300)}


def test_a_second_import_writes_the_same_bytes(import_: Import, broker: str, topic_prefix: str) -> None:
    lines = [story(number) for number in range(20)] + [story(3, language="uk", headline="Пором")]
    import_(lines)
    import_(lines)
    values: dict[str, list[bytes]] = {}
    for record in logged(broker, f"{topic_prefix}.articles"):
        values.setdefault(record.key, []).append(record.value)
    assert all(written[: len(written) // 2] == written[len(written) // 2 :] for written in values.values())
    assert sum(map(len, values.values())) == 2 * 42


def test_a_bad_line_is_named_and_does_not_stop_the_others(import_: Import) -> None:
    result = import_([story(1), b"nonsense", b"", story(2, published_at="yesterday"), story(3, id="no id"), story(4)])
    assert result.exit_code == 1
    assert result.stdout.startswith("2 stories, 4 events in ")
    assert result.stdout.endswith(" s, 3 lines failed\n")
    lines = result.stderr.splitlines()
    assert [line.partition(":")[0] for line in lines] == ["line 2", "line 4", "line 5"]
    assert "published_at: 'yesterday'" in lines[1]


def test_lines_that_fail_alike_are_named_once(import_: Import) -> None:
    result = import_([b"{}"] * 50 + [story(1)])
    assert len(result.stderr.splitlines()) == 2
    assert result.stderr.endswith("and 49 more lines like it\n")


def test_a_story_whose_events_are_all_refused_is_one_line_that_failed(
    import_: Import, broker: str, topic_prefix: str
) -> None:
    alter_topic(broker, f"{topic_prefix}.articles", "max.message.bytes", "100")
    result = import_([story(1)])
    assert (result.exit_code, result.stderr.count("line 1: ")) == (1, 1)
    assert result.stdout.startswith("0 stories, 0 events in ")
    assert result.stdout.endswith(" s, 1 lines failed\n")


def test_json_answers_every_event_as_emit_does(import_: Import) -> None:
    result = import_([story(1), b"nonsense", story(2)], "--json")
    answers = [json.loads(line) for line in result.stdout.splitlines()]
    assert [answer.get("line") for answer in answers] == [None, None, 2, None, None]
    assert (result.exit_code, result.stderr) == (1, "")


def test_the_option_names_the_language_of_stories_that_name_none(
    import_: Import, broker: str, topic_prefix: str
) -> None:
    import_([story(1), story(2, language="en")], "--language", "uk")
    events = [record.event for record in logged(broker, f"{topic_prefix}.articles")]
    assert {(e.article_id, e.language) for e in events if isinstance(e, ArticleCreated)} == {
        ("story-1", "uk"),
        ("story-2", "en"),
    }
