"""Crashes on the real broker leave no trace, and the comparison that says so finds the faults planted for it."""

from __future__ import annotations

import random
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
from integration.conftest import Refold
from support.asked import verdict, verified
from support.faults import BrittleGeneration, CursorsFirst, RowsFirst
from support.fold_model import MINUTE, NOON, edited, unpublished
from support.kit import Newsroom
from support.memory_log import CrashError, Fuse
from support.stories import Story, send, send_stories
from support.workers import folded, until, worker

from newsroom_producers.desk import new_event_id
from newsroom_schemas.events import AnyEvent

STORIES = 3000
KILLS = 6
STEPS = 22
"""Steps of a worker's first batch: 7 partitions taken, twice each, the load, 6 around the rows, and the commit."""
TAGS = ("sport", "war", "culture")


def stories(count: int) -> Iterator[Story]:
    """Invent stories, several in each minute."""
    for number in range(count):
        yield Story(id=f"story-{number}", at=NOON - number // 7 * MINUTE, tags=TAGS[: number % 4])


def revisions(count: int) -> Iterator[AnyEvent]:
    """Edit, publish again or withdraw some of the stories."""
    for number in range(0, count, 5):
        named = {"article_id": f"story-{number}", "event_id": new_event_id()}
        yield unpublished(**named) if number % 2 else edited(headline="Revised", **named)


@pytest.mark.parametrize("batch", [40])
def test_a_worker_killed_at_random_moments_of_an_import_leaves_equal_tables(
    newsroom: Newsroom, refold: Refold, tmp_path: Path
) -> None:
    seed = random.SystemRandom().getrandbits(32)
    print(f"moments of the kills: seed {seed}")  # noqa: T201 - pytest shows it where the test fails
    moments = random.Random(seed)  # noqa: S311 - reproducible, not secret
    with ThreadPoolExecutor(1) as background:
        importing = background.submit(send_stories, newsroom, stories(STORIES))
        for number in range(KILLS):
            wanted = folded(newsroom) + moments.randint(1, 2 * STORIES // KILLS)
            with worker(newsroom, tmp_path / f"worker-{number}.log") as killed:
                until(partial(has_folded, newsroom, wanted))
                assert killed.end(signal.SIGKILL) == -signal.SIGKILL
        importing.result()
    with worker(newsroom, tmp_path / "worker-last.log") as last:
        until(lambda: folded(newsroom) == 2 * STORIES)
        assert last.end(signal.SIGTERM) == 0
    tables = newsroom.tables()
    assert len(tables["timeline"]) == STORIES
    assert tables == refold()
    assert verified(newsroom)


def has_folded(newsroom: Newsroom, records: int) -> bool:
    """Return whether so many records are folded."""
    return folded(newsroom) >= records


@pytest.mark.parametrize("batch", [9])
def test_a_crash_before_each_step_of_the_transaction_in_turn_leaves_equal_tables(
    newsroom: Newsroom, refold: Refold
) -> None:
    send_stories(newsroom, stories(20))
    send(newsroom, revisions(20))
    crashes = 0
    while crash_at(newsroom, crashes):
        crashes += 1
    assert crashes > STEPS
    assert newsroom.tables() == refold()
    assert verified(newsroom)


def crash_at(newsroom: Newsroom, steps: int) -> bool:
    """Let a worker begin some steps and crash; say whether it got so far."""
    try:
        newsroom.work(generation=partial(BrittleGeneration, fuse=Fuse(steps, CrashError())))
    except CrashError:
        return True
    return False


@pytest.mark.parametrize("wrong", [CursorsFirst, RowsFirst])
@pytest.mark.parametrize("batch", [7])
def test_the_comparison_finds_a_store_that_splits_its_transaction(
    newsroom: Newsroom, refold: Refold, wrong: Callable[..., CursorsFirst | RowsFirst]
) -> None:
    send_stories(newsroom, stories(20))
    with pytest.raises(CrashError):
        newsroom.work(generation=partial(wrong, crash=CrashError()))
    newsroom.work(generation=wrong)
    assert newsroom.tables() != refold()
    assert not verdict(newsroom).equal
