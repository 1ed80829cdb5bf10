"""The life of the local stack, with a real broker in homes of its own."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from kafka.admin import KafkaAdminClient
from rich.console import Console
from stack import guarded_folder, settings_for

from newsroom_infra import stack, topics
from newsroom_infra.settings import Settings
from newsroom_infra.stack.broker import listens
from newsroom_infra.stack.errors import FolderError, PortInUseError, ResetRefusedError, StartError
from newsroom_infra.stack.waiting import until


@pytest.fixture(scope="module")
def shared() -> Iterator[Settings]:
    """Give the settings of one stack, not started, for the tests of this file; its home's path is hard to quote."""
    with guarded_folder() as folder:
        yield settings_for(folder / "стек 100% #1 ; x")


@pytest.fixture
def running(shared: Settings) -> Settings:
    """Give the settings of a stack whose broker runs."""
    up(shared)
    return shared


@pytest.fixture
def fresh() -> Iterator[Settings]:
    """Give the settings of a stack that has never run."""
    with guarded_folder() as folder:
        yield settings_for(folder / "home")


def up(settings: Settings) -> str:
    """Bring up the broker alone; give what a log file would show of it."""
    written = io.StringIO()
    stack.up(settings, Console(file=written), worker=False)
    return written.getvalue()


def pid_of(settings: Settings, name: str) -> int | None:
    """Give the process id of a program."""
    return next(process.pid for process in stack.status(settings) if process.name == name)


def topic_ids(settings: Settings) -> list[str]:
    """Give what tells the topics from others of the same name."""
    with KafkaAdminClient(bootstrap_servers=settings.bootstrap) as admin:
        return sorted(topic["topic_id"] for topic in admin.describe_topics(list(topics.wanted(settings))))


def addresses(pid: int | None) -> set[str]:
    """Give the addresses that a process listens on."""
    connections = psutil.Process(pid).net_connections("tcp")
    return {one.laddr.ip.removeprefix("::ffff:") for one in connections if one.status == psutil.CONN_LISTEN}


def test_an_interrupted_first_up_leaves_a_home_that_the_next_one_repairs(fresh: Settings) -> None:
    partial = fresh.home / "kafka.partial" / "data"
    partial.mkdir(parents=True)
    (partial / "meta.properties").write_text("half")
    command = [sys.executable, "-m", "newsroom_infra", "up"]
    environment = {**os.environ, **fresh.variables()}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as started:
        assert started.stdout is not None
        assert any("starting Kafka" in line for line in started.stdout)
        started.send_signal(signal.SIGINT)
    assert started.returncode == 1
    assert "formatting storage" not in up(fresh)
    assert topics.differences(fresh) == ()


def test_a_second_up_leaves_everything_as_it_is(running: Settings) -> None:
    first = pid_of(running, "kafka")
    assert up(running) == f"everything is running: kafka ({running.bootstrap})\n"
    assert pid_of(running, "kafka") == first


def test_only_this_machine_reaches_the_broker(running: Settings) -> None:
    assert addresses(pid_of(running, "kafka")) == {"127.0.0.1"}


def test_status_names_state_and_port(running: Settings) -> None:
    kafka, worker = stack.status(running)
    assert (kafka.name, kafka.state, kafka.port) == ("kafka", "running", running.kafka_port)
    assert (worker.name, worker.state) == ("worker", "stopped")


def test_a_killed_broker_comes_back_by_itself(running: Settings) -> None:
    first = pid_of(running, "kafka")
    psutil.Process(first).kill()
    assert until(lambda: pid_of(running, "kafka") not in {None, first} and listens(running.kafka_port), 60)


def test_down_and_up_with_other_settings_keep_the_log(running: Settings) -> None:
    ids = topic_ids(running)
    moved = running.model_copy(update={"topic_prefix": "gazette"})
    assert "other settings" in up(moved)
    assert topics.differences(moved) == ()
    assert stack.down(moved)
    assert [process.state for process in stack.status(running)] == ["stopped", "stopped"]
    assert up(running).splitlines() == [f"starting Kafka on {running.bootstrap}", "creating topics"]
    assert topic_ids(running) == ids


def test_a_reset_drops_log_and_generations_together(running: Settings) -> None:
    ids = topic_ids(running)
    generation = running.database_folder / "main.sqlite"
    generation.parent.mkdir(exist_ok=True)
    generation.touch()
    stack.reset(running)
    assert not generation.exists()
    assert pid_of(running, "kafka") is None
    up(running)
    assert topic_ids(running) != ids


def test_a_reset_that_was_cut_off_is_finished_by_the_next_up(fresh: Settings, broker: str, topic_prefix: str) -> None:
    fresh.database_folder.mkdir(parents=True)
    generation = fresh.database_folder / "main.sqlite"
    generation.touch()
    (fresh.home / "reset.unfinished").touch()
    own = fresh.model_copy(update={"kafka": broker, "topic_prefix": topic_prefix})
    assert "finishing a reset" in up(own)
    assert not generation.exists()
    assert "finishing a reset" not in up(own)


def test_a_broker_that_dies_while_starting_is_an_error_with_its_last_words(fresh: Settings) -> None:
    (fresh.home / "kafka" / "data").mkdir(parents=True)
    with pytest.raises(StartError, match=r"meta\.properties") as caught:
        up(fresh)
    assert caught.value.log == fresh.home.resolve() / "logs" / "kafka.log"


def test_a_busy_port_is_an_error_that_names_port_process_and_variable(fresh: Settings, broker: str) -> None:
    busy = int(broker.rpartition(":")[2])
    with pytest.raises(PortInUseError, match=rf"{busy}.*java \(process \d+\).*NEWSROOM_KAFKA_PORT="):
        up(fresh.model_copy(update={"kafka_port": busy}))


def test_on_a_cluster_of_ones_own_only_missing_topics_are_created(
    fresh: Settings, broker: str, topic_prefix: str
) -> None:
    own = fresh.model_copy(update={"kafka": broker, "topic_prefix": topic_prefix})
    with KafkaAdminClient(bootstrap_servers=broker) as admin:
        admin.delete_topics([own.tags_topic])
        admin.create_topics({own.tags_topic: {"num_partitions": 2}}, wait_for_metadata=True)
        admin.delete_topics([own.articles_topic])
    up(own)
    assert [process.name for process in stack.status(own)] == ["worker"]
    assert {difference.where for difference in topics.differences(own)} == {own.tags_topic}
    with pytest.raises(ResetRefusedError, match="NEWSROOM_KAFKA"):
        stack.reset(own)


def test_a_home_that_cannot_be_made_is_named(fresh: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FolderError, match="NEWSROOM_HOME"):
        up(fresh.model_copy(update={"home": tmp_path / "file" / "home"}))
