"""Several workers of one group on PostgreSQL: they come, go, die and freeze, and no effect is lost or done twice."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
import pytest
from integration.conftest import Refold
from sqlalchemy import select
from support.asked import verified
from support.fold_model import MINUTE, NOON
from support.kit import Newsroom
from support.stories import Story, send_stories
from support.workers import Worker, folded, until, worker

from newsroom_consumers.database.database import NoGenerationError
from newsroom_consumers.store.tables import CURSOR

STORIES = 1500
TAKE_OVER_SECONDS = 15.0
TAGS = ("sport", "war", "culture")

Start = Callable[[str], Worker]

pytestmark = [pytest.mark.parametrize("database", ["postgres"]), pytest.mark.parametrize("batch", [20])]


def stories(count: int, name: str = "story") -> Iterator[Story]:
    """Invent stories, several in each minute."""
    for number in range(count):
        yield Story(id=f"{name}-{number}", at=NOON - number // 7 * MINUTE, tags=TAGS[: number % 4])


@pytest.fixture
def start(newsroom: Newsroom, tmp_path: Path) -> Iterator[Start]:
    """Start workers by their names; all of them are killed at the end."""
    with ExitStack() as started:
        yield lambda name: started.enter_context(worker(newsroom, tmp_path / f"{name}.log"))


def holders(newsroom: Newsroom) -> set[int]:
    """Return the processes that hold partitions: all of them, or none while one is held by nobody."""
    try:
        with newsroom.database.reading(newsroom.generation) as connection:
            owners = list(connection.scalars(select(CURSOR.c.owner)))
    except NoGenerationError:
        return set()
    return {int(owner.rpartition(":")[2]) for owner in owners} if len(owners) == 7 else set()


def share(newsroom: Newsroom, *workers: Worker, seconds: float = 30.0) -> None:
    """Wait until these workers, each of them and no other, hold the partitions."""
    until(lambda: holders(newsroom) == {each.process.pid for each in workers}, seconds)


def test_workers_that_come_go_and_die_during_an_import_leave_equal_tables(
    newsroom: Newsroom, refold: Refold, start: Start
) -> None:
    with ThreadPoolExecutor(1) as background:
        leaving, dying, staying = start("leaving"), start("dying"), start("staying")
        share(newsroom, leaving, dying, staying)
        importing = background.submit(send_stories, newsroom, stories(STORIES))
        until(lambda: folded(newsroom) > STORIES // 5)
        assert leaving.end(signal.SIGTERM, 5) == 0
        share(newsroom, dying, staying, seconds=5)
        assert dying.end(signal.SIGKILL) == -signal.SIGKILL
        joining = start("joining")
        share(newsroom, staying, joining, seconds=TAKE_OVER_SECONDS)
        importing.result()
    until(lambda: folded(newsroom) == 2 * STORIES)
    assert newsroom.tables() == refold()
    assert verified(newsroom)


def test_a_worker_frozen_in_its_transaction_is_replaced_and_fenced_and_goes_on_with_what_it_is_given(
    newsroom: Newsroom, refold: Refold, start: Start
) -> None:
    send_stories(newsroom, stories(100))
    frozen, heir = start("frozen"), start("heir")
    share(newsroom, frozen, heir)
    until(lambda: folded(newsroom) == 200)
    with freezing(newsroom, frozen):
        send_stories(newsroom, stories(100, "later"))
    before = time.monotonic()
    share(newsroom, heir, seconds=TAKE_OVER_SECONDS)
    until(lambda: folded(newsroom) == 400, TAKE_OVER_SECONDS - (time.monotonic() - before))
    expected = refold()
    assert newsroom.tables() == expected
    frozen.process.send_signal(signal.SIGCONT)
    share(newsroom, frozen, heir)
    assert newsroom.tables() == expected
    send_stories(newsroom, stories(100, "last"))
    until(lambda: folded(newsroom) == 600)
    assert newsroom.tables() == refold()
    assert verified(newsroom)


@contextmanager
def freezing(newsroom: Newsroom, worker: Worker) -> Iterator[None]:
    """Stop a worker's process inside its transaction, behind the cursors, in which it waits for a lock of ours."""
    waiting = "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE %s"
    with psycopg.connect(newsroom.place) as holding, psycopg.connect(newsroom.place, autocommit=True) as looking:
        holding.execute(f"LOCK TABLE generation_{newsroom.generation}.event IN SHARE ROW EXCLUSIVE MODE")
        yield
        until(lambda: len(looking.execute(waiting, ("%event%",)).fetchall()) == 2)
        os.kill(worker.process.pid, signal.SIGSTOP)


def test_two_workers_that_start_at_once_on_an_empty_database_share_it(
    newsroom: Newsroom, refold: Refold, start: Start
) -> None:
    workers = [start(f"worker-{number}") for number in range(2)]
    send_stories(newsroom, stories(50))
    share(newsroom, *workers)
    until(lambda: folded(newsroom) == 100)
    assert [each.process.poll() for each in workers] == [None, None]
    assert newsroom.tables() == refold()
    assert verified(newsroom)
