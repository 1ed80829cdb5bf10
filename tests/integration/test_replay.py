"""Replay folds the log up to a cut, beside the live generation, and goes on where it was stopped."""

from __future__ import annotations

import gc
import json
import multiprocessing
import signal
import subprocess
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import pytest
from integration.conftest import on_both_databases
from support.fold_model import edited
from support.kit import Newsroom
from support.replays import beside, replayed
from support.stories import Story, send, send_stories
from support.workers import command, environment, run, until

from newsroom_consumers.control.control import Control, GenerationNameError, LiveGenerationError, UnknownGenerationError
from newsroom_consumers.database.database import GenerationInUseError, NoGenerationError
from newsroom_consumers.log.cut import Cut, cut_at
from newsroom_consumers.log.kafka import KafkaLog
from newsroom_consumers.log.record import Partition
from newsroom_consumers.worker.replay import CutBeyondEndError, PastCutError
from newsroom_infra.app import replay as parts
from newsroom_infra.app.replay import PartFailedError
from newsroom_infra.settings import Settings
from newsroom_producers.desk import new_event_id
from newsroom_schemas.errors import Kind

EDITS = 600
"""Records of one article: enough for something to happen while another process folds them one by one."""
STORIES = [Story(id=f"story-{number}", tags=("a",)) for number in range(40)]


@pytest.fixture
def filled(newsroom: Newsroom) -> Newsroom:
    """Fold forty stories and their tag into the live generation."""
    newsroom.desk().define_tag("a", labels={"uk": "А"})
    send_stories(newsroom, STORIES)
    newsroom.work()
    return newsroom


@pytest.fixture
def busy(newsroom: Newsroom) -> Newsroom:
    """Fold many edits of one article, all but the first of which were lost, into the live generation."""
    send(newsroom, [edited(article_id="storm", event_id=new_event_id()) for _ in range(EDITS)])
    newsroom.work()
    return newsroom


@on_both_databases
def test_a_replay_makes_the_tables_of_the_live_generation_and_leaves_that_alone(filled: Newsroom) -> None:
    with filled.database.reading("main") as connection:
        epochs = connection.exec_driver_sql('SELECT epoch, owner FROM "cursor" ORDER BY topic, partition').all()
    trial = replayed(filled, "trial")
    assert trial.tables() == filled.tables()
    assert Control(filled.database).live() == "main"
    with filled.database.reading("main") as connection:
        assert connection.exec_driver_sql('SELECT epoch, owner FROM "cursor" ORDER BY topic, partition').all() == epochs


def test_a_replay_ends_at_the_instant_that_it_is_given(newsroom: Newsroom) -> None:
    """What was recorded at the instant itself is in, what came a millisecond later is not."""
    desk = newsroom.desk()
    desk.create("storm", "uk", headline="Буря")
    desk.publish("storm", "uk", expected_version=1)
    newsroom.work()
    shown = newsroom.tables()
    recorded = instant_of_last(newsroom, "storm")
    desk.unpublish("storm", reason="error", languages=("uk",))
    newsroom.work()
    trial = replayed(newsroom, "trial", cut(newsroom, recorded))
    assert trial.tables() == shown
    before = replayed(newsroom, "before", cut(newsroom, recorded - 1000))
    assert before.tables()["published"] == []
    assert replayed(newsroom, "never", cut(newsroom, -1)).tables()["event"] == []
    assert replayed(newsroom, "now", cut(newsroom, 2**62)).tables() == newsroom.tables()


def test_a_cut_within_partitions_is_held_to_the_record(filled: Newsroom) -> None:
    whole = filled.ends()
    wanted = {at: offset // 2 for at, offset in whole.items()}
    trial = replayed(filled, "trial", wanted)
    assert {row[:2]: row[2] for row in trial.tables()["cursor"]} == {tuple(at): offset for at, offset in wanted.items()}
    assert len(trial.tables()["event"]) == sum(wanted.values())


@pytest.mark.parametrize("batch", [7])
@on_both_databases
def test_a_stopped_replay_goes_on_where_it_stood(filled: Newsroom) -> None:
    stopping, seen = threading.Event(), []

    def stop(more: int) -> None:
        seen.append(more)
        if sum(seen) >= 20:
            stopping.set()

    stopped = replayed(filled, "trial", stopping=stopping, progress=stop)
    half = len(stopped.tables()["event"])
    assert 20 <= half < 60
    rest: list[int] = []
    resumed = replayed(filled, "trial", progress=rest.append)
    assert sum(rest) == len(filled.tables()["event"]) - half
    assert resumed.tables() == filled.tables()


@on_both_databases
def test_a_killed_replay_goes_on_with_the_same_command(filled: Newsroom) -> None:
    trial = beside(filled, "trial")
    arguments = ("replay", "--into", "trial", "--json")
    with subprocess.Popen(
        command(*arguments), env=environment(filled, replay_batch="1"), stdout=subprocess.DEVNULL
    ) as process:
        until(lambda: _events(trial) > 3)
        process.send_signal(signal.SIGKILL)
    half = _events(trial)
    assert half < len(filled.tables()["event"])
    done = run(filled, *arguments)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["records"] == len(filled.tables()["event"]) - half
    assert trial.tables() == filled.tables()


def test_ctrl_c_stops_a_replay_cleanly_and_says_how_to_go_on(filled: Newsroom) -> None:
    trial = beside(filled, "trial")
    with subprocess.Popen(
        command("replay", "--into", "trial"),
        env=environment(filled, replay_batch="1"),
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        until(lambda: _events(trial) > 0)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate()
    assert process.returncode == 1
    assert "run the same command again" in said


@pytest.mark.parametrize("database", ["postgres"])
def test_several_workers_share_a_replay_out(filled: Newsroom) -> None:
    done = run(filled, "replay", "--into", "trial", "--workers", "3")
    assert done.returncode == 0, done.stderr
    assert beside(filled, "trial").tables() == filled.tables()


def test_a_part_of_a_replay_that_fails_ends_the_whole(newsroom: Newsroom) -> None:
    """Its error is that of the command, of the same kind."""
    newsroom.desk().create("storm", "uk", headline="Буря")
    with pytest.raises(PartFailedError, match=r"before the cut at 999999.*run the same command again") as failed:
        share(newsroom, 999_999)
    assert failed.value.kind is Kind.REFUSED


def test_a_part_of_a_replay_that_is_killed_ends_the_whole_and_what_it_has_folded_is_kept(busy: Newsroom) -> None:
    def kill(_: int) -> None:
        for process in multiprocessing.active_children():
            process.kill()

    with pytest.raises(PartFailedError, match="a process of this replay has died"):
        share(busy, progress=kill)
    assert 0 < _events(beside(busy, "trial")) < EDITS
    assert replayed(busy, "trial").tables() == busy.tables()


def test_the_parts_of_a_stopped_replay_stop_too_and_what_they_have_folded_is_kept(
    busy: Newsroom, capfd: pytest.CaptureFixture[str]
) -> None:
    stopping = threading.Event()
    assert not share(busy, progress=lambda _: stopping.set(), stopping=stopping)
    assert "Traceback" not in capfd.readouterr().err
    assert multiprocessing.active_children() == []
    assert 0 < _events(beside(busy, "trial")) < EDITS
    assert replayed(busy, "trial").tables() == busy.tables()


def share(
    newsroom: Newsroom,
    end: int = EDITS,
    *,
    progress: Callable[[int], None] = lambda _: None,
    stopping: threading.Event | None = None,
) -> bool:
    """Replay the partition of the edits as one of several workers would: in a process of its own, record by record."""
    settings = Settings(
        kafka=newsroom.bootstrap,
        topic_prefix=newsroom.topics.articles.removesuffix(".articles"),
        database=newsroom.place,
        replay_batch=1,
    )
    (at,) = (at for at, offset in newsroom.ends().items() if offset)
    stopping, thresholds = stopping or threading.Event(), gc.get_threshold()
    try:
        with newsroom.database.exclusively("trial"):
            return parts.run(settings, "trial", None, {at: end}, workers=2, stopping=stopping, progress=progress)
    finally:
        gc.unfreeze()
        gc.set_threshold(*thresholds)


def test_sqlite_takes_one_worker(filled: Newsroom) -> None:
    done = run(filled, "replay", "--into", "trial", "--workers", "2")
    assert (done.returncode, "use PostgreSQL" in done.stderr) == (2, True)


def test_two_replays_at_once_do_not_meet(filled: Newsroom) -> None:
    with ThreadPoolExecutor(2) as pool:
        done = pool.map(lambda name: run(filled, "replay", "--into", name), ("one", "two"))
    assert [each.returncode for each in done] == [0, 0]
    assert beside(filled, "one").tables() == beside(filled, "two").tables() == filled.tables()


def test_a_replay_refuses_what_would_harm_or_cannot_be(filled: Newsroom) -> None:
    somewhere = Partition(filled.topics.articles, 0)
    with pytest.raises(LiveGenerationError):
        replayed(filled, "main")
    with pytest.raises(GenerationNameError):
        replayed(filled, "-x")
    with pytest.raises(CutBeyondEndError, match="before the cut at 1000"):
        replayed(filled, "trial", {somewhere: 1000})
    replayed(filled, "trial", {somewhere: 2})
    with pytest.raises(PastCutError, match="up to 2, past the cut at 1"):
        replayed(filled, "trial", {somewhere: 1})
    assert [each.name for each in Control(filled.database).all()] == ["main", "trial"]


@on_both_databases
def test_generations_are_listed_and_dropped(filled: Newsroom) -> None:
    replayed(filled, "trial", dict.fromkeys(filled.ends(), 0))
    listed: list[dict[str, Any]] = json.loads(run(filled, "generations", "--json").stdout)
    main, trial = listed
    count = len(filled.tables()["event"])
    assert (main["name"], main["live"], main["lag"], main["rows"]["event"]) == ("main", True, 0, count)
    assert (trial["name"], trial["live"], trial["lag"], trial["rows"]["event"]) == ("trial", False, count, 0)
    assert (main["parked"], main["size"] > 0) == ({"articles": 0, "records": 0}, True)
    control = Control(filled.database)
    with pytest.raises(LiveGenerationError):
        control.drop("main")
    with filled.database.worker_lock("trial"), pytest.raises(GenerationInUseError):
        control.drop("trial")
    control.drop("trial")
    with pytest.raises(UnknownGenerationError):
        control.drop("trial")
    with pytest.raises(NoGenerationError), filled.database.reading("trial"):
        pass
    assert replayed(filled, "trial").tables() == filled.tables()


def cut(newsroom: Newsroom, instant: int) -> Cut:
    """Return the cut of an instant."""
    with closing(KafkaLog(newsroom.bootstrap, newsroom.topics, batch=newsroom.batch)) as log:
        return cut_at(log, instant)


def instant_of_last(newsroom: Newsroom, article_id: str) -> int:
    """Return when the last event of an article was recorded, microseconds."""
    return newsroom.look(lambda seen: seen.ledger.outcomes(article_id))[-1].recorded_at


def _events(newsroom: Newsroom) -> int:
    try:
        return len(newsroom.tables()["event"])
    except NoGenerationError:
        return 0
