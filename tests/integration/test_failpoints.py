"""A worker is killed at every place between its steps, on both databases, and the next one leaves equal tables."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from integration.conftest import Places, Refold, on_both_databases
from support.asked import verdict
from support.fold_model import edited, unpublished
from support.kit import Newsroom, Tables
from support.stories import Story, send, send_stories
from support.workers import run, worker

from newsroom_consumers.store.steps import Step
from newsroom_producers.desk import new_event_id
from newsroom_schemas.events import AnyEvent

pytestmark = [on_both_databases, pytest.mark.parametrize("batch", [7])]

STORIES = [Story(id=f"story-{number}", tags=("sport", "war")[: number % 3]) for number in range(20)]
ONCE = {"cursors_read", "log_verified"}
"""Places that a worker reaches once, when it takes its partitions; it dies at the others when it is there again."""
AT_ONCE = 2
"""Workers at a time: as many as the machine has cores."""


def revisions() -> Iterator[AnyEvent]:
    """Edit or withdraw some of the stories."""
    for number, story in enumerate(STORIES[::2]):
        named = {"article_id": story.id, "event_id": new_event_id()}
        yield unpublished(**named) if number % 2 else edited(headline="Revised", **named)


def test_a_kill_at_any_place_leaves_equal_tables(
    newsroom: Newsroom, topic_prefix: str, places: Places, refold: Refold, tmp_path: Path
) -> None:
    send_stories(newsroom, STORIES)
    send(newsroom, revisions())
    newsroom.desk().define_tag("sport", labels={"uk": "Спорт"})
    rooms = {
        name: Newsroom(newsroom.bootstrap, topic_prefix, places(), batch=newsroom.batch, generation=name)
        for name in map(str, Step)
    }
    with ThreadPoolExecutor(AT_ONCE) as pairs:
        for _ in pairs.map(lambda name: kill_at(name, rooms[name], tmp_path), rooms):
            pass
    expected = refold()
    assert {name for name, room in rooms.items() if resumed(room) != expected} == set()
    with ThreadPoolExecutor(AT_ONCE) as pairs:
        found = dict(zip(rooms, pairs.map(verdict, rooms.values()), strict=True))
    assert {name for name, each in found.items() if not each.equal} == set()


def kill_at(name: str, newsroom: Newsroom, folder: Path) -> None:
    """Let a worker begin and die at a place."""
    failpoint = f"{name}:{1 if name in ONCE else 2}"
    with worker(newsroom, folder / f"{name}.log", failpoint=failpoint) as dying:
        assert dying.exit_code() == -signal.SIGKILL, dying.said


def resumed(newsroom: Newsroom) -> Tables:
    """Let another worker go on to the end."""
    newsroom.work()
    return newsroom.tables()


def test_a_worker_that_shall_die_at_an_unknown_place_does_not_begin(newsroom: Newsroom) -> None:
    refused = run(newsroom, "worker", failpoint="nowhere")
    assert refused.returncode == 2
    assert "no failpoint 'nowhere': write name or name:count, with one of cursors_read" in refused.stderr
