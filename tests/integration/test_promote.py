"""Promote makes another generation live, and no reader sees anything go back in time."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import pytest
from integration.conftest import on_both_databases
from sqlalchemy import Connection, select
from support.asked import page
from support.kit import SITE, Newsroom
from support.replays import replayed
from support.workers import Worker, until, worker

from newsroom_consumers.control.control import Control, UnknownGenerationError
from newsroom_consumers.fold.batch import BatchFold
from newsroom_consumers.generations.open import reader_queries
from newsroom_consumers.generations.promote import (
    BehindError,
    MoreParkedError,
    OtherLogError,
    Promotion,
    ReplacedError,
    promote,
)
from newsroom_consumers.store.cursors import FencedError
from newsroom_consumers.store.tables import CURSOR

pytestmark = on_both_databases


def _raise(*_: Any) -> NoReturn:
    raise ZeroDivisionError


A_FEW = 5
"""Files that a worker opens late: what it leaves open at each change would be twice as many by the fifth."""
BROKEN = BatchFold(decide=_raise)
"""Parks every event of an article."""


@pytest.fixture
def storm(newsroom: Newsroom) -> Newsroom:
    """Publish a story, and fold it into the live generation."""
    desk = newsroom.desk()
    desk.create("storm", "uk", headline="Буря")
    desk.publish("storm", "uk", expected_version=1)
    newsroom.work()
    return newsroom


@pytest.fixture
def control(newsroom: Newsroom) -> Control:
    """Return the control database."""
    return Control(newsroom.database)


def test_a_generation_that_is_level_becomes_live(storm: Newsroom, control: Control) -> None:
    replayed(storm, "trial")
    assert promote(control, "trial", 0) == Promotion(live="trial", before="main")
    assert (control.live(), page(storm, "storm")["headline"]) == ("trial", "Буря")
    assert promote(control, "trial", 0) == Promotion(live="trial", before="trial")
    assert promote(control, "main", 0).live == "main"


def test_a_generation_that_lacks_one_takedown_is_refused(storm: Newsroom, control: Control) -> None:
    """It says of which partition how much is missing, and readers still see what they saw."""
    trial = replayed(storm, "trial")
    receipt = storm.desk().unpublish("storm", reason="error", languages=("uk",))
    storm.work()
    with pytest.raises(BehindError, match="by 1 records") as refused:
        promote(control, "trial", 30)
    assert dict(refused.value.behind) == {(receipt.topic, receipt.partition): 1}
    assert (control.live(), page(storm, "storm")["status"]) == ("main", "gone")
    trial.work()
    assert promote(control, "trial", 0).live == "trial"
    assert page(storm, "storm")["status"] == "gone"


def test_a_generation_that_does_not_catch_up_in_time_is_refused_and_the_workers_go_on(
    storm: Newsroom, control: Control
) -> None:
    """Somebody holds it, so it is waited for; afterwards the fence has fallen."""
    replayed(storm, "trial")
    with storm.loop() as live:
        live.run_once(0.5)
        storm.desk().unpublish("storm", reason="error", languages=("uk",))
        until(lambda: bool(live.run_once(0.2).records))
        with control.database.worker_lock("trial"), pytest.raises(BehindError, match=r"within 0\.3 s"):
            promote(control, "trial", 0.3)
        storm.desk().publish("storm", "uk", expected_version=2)
        until(lambda: bool(live.run_once(0.2).records))
    assert (control.live(), page(storm, "storm")["status"]) == ("main", "live")


def test_a_generation_with_one_more_article_parked_is_refused(storm: Newsroom, control: Control) -> None:
    replayed(storm, "trial", folding=BROKEN)
    with pytest.raises(MoreParkedError, match="has parked storm"):
        promote(control, "trial", 0)
    assert control.live() == "main"
    replayed(storm, "mended")
    assert promote(control, "mended", 0).live == "mended"


def test_what_is_parked_in_both_is_no_reason_to_refuse(newsroom: Newsroom, control: Control) -> None:
    newsroom.desk().create("storm", "uk", headline="Буря")
    newsroom.work(folding=BROKEN)
    replayed(newsroom, "trial", folding=BROKEN)
    assert promote(control, "trial", 0).live == "trial"


def test_an_article_that_is_parked_from_an_earlier_record_on_is_a_reason_to_refuse(
    newsroom: Newsroom, control: Control
) -> None:
    """Both have it parked, but readers of the live one see its first publication."""
    newsroom.desk().create("storm", "uk", headline="Буря")
    newsroom.desk().publish("storm", "uk", expected_version=1)
    newsroom.work()
    newsroom.desk().edit("storm", "uk", headline="Злива", expected_version=1)
    newsroom.work(folding=BROKEN)
    replayed(newsroom, "trial", folding=BROKEN)
    with pytest.raises(MoreParkedError, match="from a later record on"):
        promote(control, "trial", 0)


@pytest.mark.parametrize("other", ["number of partitions", "name"])
def test_a_generation_of_another_log_is_refused(storm: Newsroom, control: Control, other: str) -> None:
    ours = control.known("main").build
    topics = dict(ours.partitions)
    if other == "name":
        topics["elsewhere.articles"] = topics.pop(storm.topics.articles)
    else:
        topics[storm.topics.articles] += 1
    control.enter("trial", ours._replace(partitions=topics), now=0)
    with pytest.raises(OtherLogError, match="partitions"):
        promote(control, "trial", 0)
    assert control.live() == "main"


def test_an_unknown_generation_is_refused_by_name(storm: Newsroom, control: Control) -> None:
    with pytest.raises(UnknownGenerationError, match="there is main"):
        promote(control, "nowhere", 0)


class Meanwhile(Control):
    """Does something else between the check and the flip, as somebody else might."""

    def __init__(self, newsroom: Newsroom, act: Any) -> None:
        super().__init__(newsroom.database)
        self._act = act

    def flip(self, old: str, new: str, within: Connection) -> bool:
        """Act first."""
        self._act()
        return super().flip(old, new, within)


def test_live_takes_nothing_in_between_the_check_and_the_flip(storm: Newsroom) -> None:
    """A takedown comes just then: it waits, and the worker of what was live cannot store it any more."""
    trial = replayed(storm, "trial")
    with storm.loop() as live, ThreadPoolExecutor(1) as pool:
        live.run_once(0.5)
        storm.desk().unpublish("storm", reason="error", languages=("uk",))
        begun: list[Any] = []

        def fold_the_takedown() -> None:
            begun.append(pool.submit(until, lambda: bool(live.run_once(0.2).records)))
            with suppress(TimeoutError):
                begun[0].exception(timeout=1)

        promote(Meanwhile(storm, fold_the_takedown), "trial", 30)
        with pytest.raises(FencedError):
            begun[0].result(30)
    assert page(storm, "storm")["status"] == "live"
    trial.work()
    assert page(storm, "storm")["status"] == "gone"


def test_of_two_promotions_at_once_one_is_told(storm: Newsroom, control: Control) -> None:
    for name in ("one", "two"):
        replayed(storm, name)

    def first() -> None:
        with control.writing() as connection:
            connection.exec_driver_sql("UPDATE live SET name = 'two'")

    with pytest.raises(ReplacedError):
        promote(Meanwhile(storm, first), "one", 30)
    assert control.live() == "two"


def test_readers_see_no_error_and_nothing_go_back_while_generations_change_under_load(
    storm: Newsroom, control: Control, tmp_path: Path
) -> None:
    """Two workers follow, a desk publishes and withdraws without a pause, readers look all the time."""
    trial = replayed(storm, "trial")
    desk, stopping, sent = storm.desk(), threading.Event(), []

    def write() -> None:
        version = 1
        while not stopping.is_set():
            desk.unpublish("storm", reason="error", languages=("uk",))
            desk.edit("storm", "uk", headline=f"Буря {version}", expected_version=version + 1)
            version += 2
            desk.publish("storm", "uk", expected_version=version)
            sent.append(version)

    def read() -> int:
        looks, last = 0, ""
        while not stopping.is_set():
            seen = _seen(control)
            assert seen >= last, (last, seen)
            looks, last = looks + 1, seen
        return looks

    with (
        worker(storm, tmp_path / "main.log"),
        worker(trial, tmp_path / "trial.log"),
        ThreadPoolExecutor(3) as pool,
        ExitStack() as ending,
    ):
        ending.callback(stopping.set)
        writing, *reading = pool.submit(write), pool.submit(read), pool.submit(read)
        for name in ("trial", "main", "trial"):
            until(lambda: len(sent) > 10 or writing.done())
            sent.clear()
            assert promote(control, name, 30).live == name
        until(lambda: len(sent) > 10 or writing.done())
        stopping.set()
        writing.result()
        assert all(each.result() > 10 for each in reading)


def test_a_worker_that_follows_what_is_live_changes_over(storm: Newsroom, control: Control, tmp_path: Path) -> None:
    """Without a generation of its own to follow, it goes on with the promoted one."""
    trial = replayed(storm, "trial")
    with worker(storm, tmp_path / "log", "worker") as process:
        until(lambda: '"generation": "main"' in process.said)
        promote(control, "trial", 30)
        storm.desk().unpublish("storm", reason="error", languages=("uk",))
        until(lambda: page(storm, "storm")["status"] == "gone")
        until(lambda: '"generation": "trial"' in process.said)
    assert trial.tables()["gone"]


def test_a_worker_that_changes_over_again_and_again_holds_no_more_than_before(
    storm: Newsroom, control: Control, tmp_path: Path
) -> None:
    """Connections and files of the generation that it leaves are closed."""
    replayed(storm, "trial")
    with worker(storm, tmp_path / "log", "worker") as process:
        until(lambda: '"generation": "main"' in process.said)
        held: list[int] = []
        for turn, name in enumerate(("trial", "main") * 3, 2):
            promote(control, name, 30)
            until(partial(_has_taken, process, control, name, turn))
            held.append(_open_files(process))
        until(lambda: _open_files(process) <= held[0] + A_FEW)


def _open_files(process: Worker) -> int:
    return len(list(Path(f"/proc/{process.process.pid}/fd").iterdir()))


def _has_taken(process: Worker, control: Control, name: str, turn: int) -> bool:
    """Return whether a worker has begun to follow so many generations, and taken all partitions of the last."""
    with control.database.reading(name) as connection:
        owners = connection.scalars(select(CURSOR.c.owner)).all()
    return process.said.count('"following"') == turn and all(
        owner.endswith(f":{process.process.pid}") for owner in owners
    )


def _seen(control: Control) -> str:
    """Return the instant at which what a reader sees of the storm began; its page and the timeline say the same."""
    with reader_queries(control, SITE) as readers:
        shown = readers.article("storm", "uk")
        listed = [item.headline for item in readers.timeline("uk", limit=5).items]
    if shown.status == "gone":
        assert listed == []
        return str(shown.since)
    assert listed == [shown.headline]
    return str(shown.first_published_at)
