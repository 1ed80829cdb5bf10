"""A worker as a process: how it stops, what it refuses, and what it waits for."""

from __future__ import annotations

import signal
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Event
from typing import NoReturn

import pytest
from integration.conftest import Refold
from kafka.admin import KafkaAdminClient
from kafka.errors import TopicAuthorizationFailedError
from structlog.testing import capture_logs
from support.kit import Newsroom
from support.stack import free_ports
from support.stories import Story, send_stories
from support.workers import folded, run, until, worker

from newsroom_infra import topics
from newsroom_infra.app import worker as working
from newsroom_infra.settings import Settings

FEW = [Story(id=f"story-{number}", tags=("sport",)) for number in range(20)]
OTHERS = [Story(id=f"story-{number}", tags=("war",)) for number in range(20)]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_that_is_told_to_stop_ends_well_within_seconds(
    newsroom: Newsroom, refold: Refold, tmp_path: Path, number: signal.Signals
) -> None:
    with worker(newsroom, tmp_path / "worker.log") as started:
        send_stories(newsroom, FEW)
        until(lambda: folded(newsroom) == 2 * len(FEW))
        assert started.end(number, 5) == 0
    assert newsroom.tables() == refold()


def test_a_second_worker_on_sqlite_is_told_to_use_postgresql(newsroom: Newsroom, tmp_path: Path) -> None:
    send_stories(newsroom, FEW[:1])
    with worker(newsroom, tmp_path / "first.log") as first:
        until(lambda: folded(newsroom) == 2)
        second = run(newsroom, "worker")
        assert second.returncode == 1
        assert "use PostgreSQL" in second.stderr
        send_stories(newsroom, FEW[1:])
        until(lambda: folded(newsroom) == 2 * len(FEW))
        assert first.process.poll() is None


def test_a_generation_of_another_build_is_refused_and_left_as_it_is(newsroom: Newsroom) -> None:
    send_stories(newsroom, FEW)
    newsroom.work()
    before = newsroom.tables()
    with closing(sqlite3.connect(Path(newsroom.place) / "control.sqlite")) as control:
        control.execute("UPDATE generation SET fold_version = fold_version + 1")
        control.commit()
    send_stories(newsroom, OTHERS)
    refused = run(newsroom, "worker")
    assert refused.returncode == 1
    assert "was made by another build (fold_version" in refused.stderr
    assert newsroom.tables() == before


@pytest.mark.parametrize("count", [5, 20, 40])
def test_topics_that_were_made_anew_stop_the_worker_and_change_nothing(newsroom: Newsroom, count: int) -> None:
    send_stories(newsroom, FEW)
    newsroom.work()
    before = dump(newsroom)
    make_topics_anew(newsroom)
    send_stories(newsroom, (OTHERS * 2)[:count])
    refused = run(newsroom, "worker")
    assert refused.returncode == 1
    assert "is not the log that this generation has folded" in refused.stderr
    assert dump(newsroom) == before


@pytest.mark.parametrize("count", [5, 40])
def test_topics_that_are_made_anew_under_a_worker_stop_it_too(newsroom: Newsroom, tmp_path: Path, count: int) -> None:
    with worker(newsroom, tmp_path / "worker.log") as started:
        send_stories(newsroom, FEW)
        until(lambda: folded(newsroom) == 2 * len(FEW))
        before = newsroom.tables()
        make_topics_anew(newsroom)
        send_stories(newsroom, (OTHERS * 2)[:count])
        assert started.exit_code() == 1
        assert "is not the log that this generation has folded" in started.said
    assert newsroom.tables() == before


def test_a_worker_that_waits_for_its_broker_stops_when_told_to(newsroom: Newsroom, tmp_path: Path) -> None:
    (port,) = free_ports(1)
    with worker(newsroom, tmp_path / "worker.log", kafka=f"127.0.0.1:{port}") as started:
        until(lambda: "does not answer" in started.said)
        assert started.end(signal.SIGTERM, 8) == 0


def test_a_cluster_that_shows_no_settings_of_its_topics_is_worked_on_with_a_warning(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who may read the topics may not be allowed to describe them."""

    def refused(**_: object) -> NoReturn:
        raise TopicAuthorizationFailedError("not for you")

    monkeypatch.setattr(topics, "KafkaAdminClient", refused)
    monkeypatch.setattr(working, "tune_collector", lambda: None)
    prefix = newsroom.topics.articles.removesuffix(".articles")
    settings, stopping = Settings(kafka=newsroom.bootstrap, topic_prefix=prefix, database=newsroom.place), Event()
    send_stories(newsroom, FEW)
    with capture_logs() as said, ThreadPoolExecutor(1) as pool:
        worked = pool.submit(working.run, settings, "main", stopping)
        until(lambda: folded(newsroom) == 2 * len(FEW) or worked.done())
        stopping.set()
        worked.result()
    (warned,) = [each["problem"] for each in said if each["event"] == "topics not checked"]
    assert "not for you" in warned


def test_waiting_ends_when_the_worker_has_folded_what_is_in_the_log(newsroom: Newsroom, tmp_path: Path) -> None:
    send_stories(newsroom, FEW)
    with worker(newsroom, tmp_path / "worker.log"):
        done = run(newsroom, "wait", "--timeout", "20")
    assert (done.returncode, done.stderr) == (0, "")
    assert folded(newsroom) == 2 * len(FEW)


def test_waiting_for_a_worker_that_does_not_run_ends_with_the_code_of_a_time_out(newsroom: Newsroom) -> None:
    send_stories(newsroom, FEW)
    assert run(newsroom, "wait", "--timeout", "0.2").returncode == 5
    newsroom.work()
    send_stories(newsroom, OTHERS)
    late = run(newsroom, "wait", "--timeout", "0.2")
    assert late.returncode == 5
    assert f"{2 * len(OTHERS)} records behind" in late.stderr


def make_topics_anew(newsroom: Newsroom) -> None:
    """Delete the newsroom's topics and create them again."""
    names = list(newsroom.topics)
    newsroom.close()
    with KafkaAdminClient(bootstrap_servers=newsroom.bootstrap) as admin:
        admin.delete_topics(names)
        until(lambda: not set(names) & set(admin.list_topics()))
    topics.ensure(Settings(kafka=newsroom.bootstrap, topic_prefix=names[0].removesuffix(".articles")))


def dump(newsroom: Newsroom) -> list[str]:
    """Return the generation as SQL, to the last byte, those who worked on it included."""
    with closing(sqlite3.connect(Path(newsroom.place) / "main.sqlite")) as connection:
        return list(connection.iterdump())
