"""The life of the local stack, with a real broker in homes of its own."""

from __future__ import annotations

import io
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient
from msgspec.structs import replace
from rich.console import Console
from support.stack import guarded_folder, settings_for

from newsroom_consumers.waiting import until
from newsroom_infra import stack, topics
from newsroom_infra.home import HomeVersionError
from newsroom_infra.settings import Settings
from newsroom_infra.stack.errors import DiskFullError, FolderError, PortInUseError, ResetRefusedError, StartError
from newsroom_infra.stack.ports import listens
from newsroom_infra.topics import TopicsError


@pytest.fixture(scope="module")
def shared() -> Iterator[Settings]:
    """Return the settings of one stack, not started, for the tests of this file; its home's path is hard to quote."""
    with guarded_folder() as folder:
        yield settings_for(folder / "стек 100% #1 ; x")


@pytest.fixture
def running(shared: Settings) -> Settings:
    """Return the settings of a stack whose broker runs."""
    up(shared)
    return shared


@pytest.fixture
def fresh() -> Iterator[Settings]:
    """Return the settings of a stack that has never run."""
    with guarded_folder() as folder:
        yield settings_for(folder / "home")


def up(settings: Settings) -> str:
    """Bring up the broker alone; give what a log file would show of it."""
    written = io.StringIO()
    stack.up(settings, Console(file=written), worker=False)
    return written.getvalue()


def pid_of(settings: Settings, name: str) -> int | None:
    """Return the process id of a program."""
    return next(process.pid for process in stack.status(settings) if process.name == name)


def topic_ids(settings: Settings) -> list[str]:
    """Return what tells the topics from others of the same name."""
    with KafkaAdminClient(bootstrap_servers=settings.bootstrap) as admin:
        return sorted(topic["topic_id"] for topic in admin.describe_topics(list(topics.wanted(settings))))


def addresses(pid: int | None) -> set[str]:
    """Return the addresses that a process listens on."""
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
    moved = replace(running, topic_prefix="gazette")
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
    generation.with_suffix(".lock").touch()
    stack.reset(running)
    assert not generation.exists()
    assert pid_of(running, "kafka") is None
    up(running)
    assert topic_ids(running) != ids


def test_a_reset_that_was_cut_off_is_finished_by_the_next_up(fresh: Settings, broker: str, topic_prefix: str) -> None:
    fresh.database_folder.mkdir(parents=True)
    generation = fresh.database_folder / "main.sqlite"
    generation.touch()
    generation.with_suffix(".lock").touch()
    (fresh.home / "reset.unfinished").touch()
    own = replace(fresh, kafka=broker, topic_prefix=topic_prefix)
    assert "finishing an interrupted reset" in up(own)
    assert not generation.exists()
    assert "finishing an interrupted reset" not in up(own)


def test_a_broker_that_dies_while_starting_is_an_error_with_its_last_words(fresh: Settings) -> None:
    (fresh.home / "kafka" / "data").mkdir(parents=True)
    with pytest.raises(StartError, match=r"meta\.properties") as caught:
        up(fresh)
    assert caught.value.log == fresh.home.resolve() / "logs" / "kafka.log"


def test_a_busy_port_is_an_error_that_names_port_process_and_variable(fresh: Settings, broker: str) -> None:
    busy = int(broker.rpartition(":")[2])
    with pytest.raises(PortInUseError, match=rf"{busy}.*java \(process \d+\).*NEWSROOM_KAFKA_PORT="):
        up(replace(fresh, kafka_port=busy))


def test_on_a_cluster_of_ones_own_only_missing_topics_are_created(
    fresh: Settings, broker: str, topic_prefix: str
) -> None:
    own = replace(fresh, kafka=broker, topic_prefix=topic_prefix)
    with KafkaAdminClient(bootstrap_servers=broker) as admin:
        admin.delete_topics([own.topics.articles])
    configs = {"max.message.bytes": "1048588"}
    with KafkaAdminClient(bootstrap_servers=broker) as admin:
        admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, own.topics.tags, configs=configs)])
    assert until(lambda: own.topics.tags in {each.where for each in topics.differences(own)}, 10)
    assert f"{own.topics.tags}: max.message.bytes is 1048588, wanted 1100000" in up(own)
    assert [process.name for process in stack.status(own)] == ["worker"]
    assert {difference.where for difference in topics.differences(own)} == {own.topics.tags}
    with pytest.raises(ResetRefusedError, match="NEWSROOM_KAFKA"):
        stack.reset(own)


@pytest.mark.parametrize(
    ("setting", "value"),
    [("retention.ms", "60000"), ("message.timestamp.type", "CreateTime"), ("cleanup.policy", "compact")],
)
def test_topics_that_would_not_keep_the_log_are_refused_and_not_altered(
    fresh: Settings, broker: str, topic_prefix: str, setting: str, value: str
) -> None:
    own = replace(fresh, kafka=broker, topic_prefix=topic_prefix)
    with KafkaAdminClient(bootstrap_servers=broker) as admin:
        admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, own.topics.tags, configs={setting: value})])
    assert until(lambda: bool(topics.differences(own)), 10)
    with pytest.raises(TopicsError, match=rf"{own.topics.tags}: {setting} is {value}.*topics check") as caught:
        up(own)
    assert caught.value.found == topics.differences(own)


def test_topics_with_other_numbers_of_partitions_are_refused_by_up_and_worker(
    fresh: Settings, broker: str, topic_prefix: str
) -> None:
    own = replace(fresh, kafka=broker, topic_prefix=topic_prefix)
    with KafkaAdminClient(bootstrap_servers=broker) as admin:
        admin.create_partitions({own.topics.tags: 2})
    assert until(lambda: bool(topics.differences(own)), 10)
    with pytest.raises(TopicsError, match="NEWSROOM_TOPIC_PREFIX"):
        up(own)
    command = [sys.executable, "-m", "newsroom_infra", "worker"]
    environment = {**os.environ, **own.variables()}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1
    assert f"{own.topics.tags}: partitions is 2, wanted 1" in done.stderr


def test_two_stacks_run_side_by_side_and_share_nothing(running: Settings, fresh: Settings) -> None:
    assert "starting Kafka" in up(fresh)
    assert pid_of(running, "kafka") not in {None, pid_of(fresh, "kafka")}
    assert not set(topic_ids(running)) & set(topic_ids(fresh))
    stack.reset(fresh)
    assert pid_of(running, "kafka") is not None
    assert topics.differences(running) == ()


def test_a_second_stack_with_the_ports_of_the_first_is_told_which_and_what_to_set(
    running: Settings, fresh: Settings
) -> None:
    ports = {"kafka_port": running.kafka_port, "controller_port": running.controller_port}
    with pytest.raises(PortInUseError, match=rf"port {running.kafka_port} .*NEWSROOM_KAFKA_PORT="):
        up(replace(fresh, **ports))
    with pytest.raises(PortInUseError, match=rf"port {running.controller_port} .*NEWSROOM_CONTROLLER_PORT="):
        up(replace(fresh, **(ports | {"kafka_port": fresh.kafka_port})))
    with pytest.raises(PortInUseError, match=rf"port {running.kafka_port} .*NEWSROOM_POSTGRES_PORT="):
        up(replace(fresh, database="postgres", postgres_port=running.kafka_port))


def test_too_little_disk_is_an_error_before_anything_is_made(fresh: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage("/")._replace(free=20_000_000)
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage)
    with pytest.raises(DiskFullError, match=r"20 MB free .* needs 500 MB.*NEWSROOM_HOME"):
        up(fresh)
    assert [path.name for path in fresh.home.iterdir()] == ["lock"]


def test_a_home_of_another_release_is_left_as_it_is(fresh: Settings) -> None:
    fresh.home.mkdir()
    note = fresh.home / "home.json"
    note.write_text('{"version": 99}')
    with pytest.raises(HomeVersionError, match="version 99"):
        up(fresh)
    with pytest.raises(HomeVersionError):
        stack.reset(fresh)
    assert note.read_text() == '{"version": 99}'


def test_a_home_that_cannot_be_made_is_named(fresh: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FolderError, match="NEWSROOM_HOME"):
        up(replace(fresh, home=tmp_path / "file" / "home"))
