"""The process manager with small programs of our own: it starts them, sees them die, and leaves none behind."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from support.stack import guarded_folder

from newsroom_consumers.waiting import until
from newsroom_infra.stack import programs
from newsroom_infra.stack.daemon import Daemon, ProcessPlan, socket_path
from newsroom_infra.stack.errors import SocketFolderError, StartError


def plan(code: str, **environment: str) -> ProcessPlan:
    """One program, ``press``, that runs Python code."""
    options = {"command": f"\"%(ENV_PYTHON)s\" -c '{code}'"}
    return ProcessPlan(programs={"press": options}, environment={"PYTHON": sys.executable, **environment})


SLEEP = "import time; time.sleep(600)"
DIE = 'import sys; print("out of paper"); sys.exit(3)'


@pytest.fixture
def daemon() -> Iterator[Daemon]:
    """Return a daemon, not started, in a home whose path is hard to quote."""
    with guarded_folder() as folder:
        home = folder / "стек 100% #1 ; x"
        home.mkdir()
        daemon = Daemon(home)
        yield daemon


def test_a_program_runs_with_the_environment_of_its_plan(daemon: Daemon) -> None:
    daemon.start(plan(SLEEP, NEWSROOM_DATABASE="postgresql://a:100%25;@b#c"))
    programs.start(daemon, "press")
    press = daemon.process("press")
    assert press.state == "running"
    assert psutil.Process(press.pid).environ()["NEWSROOM_DATABASE"] == "postgresql://a:100%25;@b#c"


def test_a_program_that_dies_while_starting_is_an_error_with_its_last_words(daemon: Daemon) -> None:
    daemon.start(plan(DIE))
    with pytest.raises(StartError, match=r"(?s)died while starting.*out of paper") as caught:
        programs.start(daemon, "press")
    assert caught.value.log == daemon.log_of("press")
    assert not daemon.process("press").alive


def test_a_program_that_cannot_be_executed_is_an_error(daemon: Daemon) -> None:
    daemon.start(ProcessPlan(programs={"press": {"command": "/no/such/press"}}, environment={}))
    with pytest.raises(StartError, match="NO_FILE"):
        programs.start(daemon, "press")


def test_a_program_that_is_not_ready_in_time_is_stopped(daemon: Daemon) -> None:
    daemon.start(plan(SLEEP))
    programs.start(daemon, "press")
    with pytest.raises(StartError, match="not ready within"):
        programs.wait(daemon, "press", lambda: False, 0.1)
    assert daemon.process("press").state == "stopped"


def test_a_killed_program_comes_back(daemon: Daemon) -> None:
    daemon.start(plan(SLEEP))
    programs.start(daemon, "press")
    first = daemon.process("press").pid
    psutil.Process(first).kill()
    assert until(lambda: daemon.process("press").pid not in {None, first}, 10)


def test_programs_that_outlived_a_killed_daemon_are_stopped_too(daemon: Daemon) -> None:
    daemon.start(plan(SLEEP))
    programs.start(daemon, "press")
    orphan = psutil.Process(daemon.process("press").pid)
    psutil.Process(int((daemon.home / "supervisord.pid").read_text())).kill()
    assert until(lambda: daemon.identity() is None, 10)
    assert daemon.stop()
    assert not orphan.is_running() or orphan.status() == psutil.STATUS_ZOMBIE
    daemon.start(plan(SLEEP))
    assert daemon.identity() == plan(SLEEP).identity


def test_stopping_what_does_not_run_says_so(daemon: Daemon) -> None:
    assert not daemon.stop()
    assert daemon.identity() is None


def test_two_plans_have_two_identities() -> None:
    assert plan(SLEEP).identity == plan(SLEEP).identity != plan(DIE).identity


def test_the_socket_lies_in_a_folder_that_only_its_owner_can_enter() -> None:
    folder = socket_path(Path("/a/home")).parent
    assert folder.stat().st_mode & 0o777 == 0o700
    folder.rmdir()


def test_a_temporary_folder_with_too_long_a_path_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long = tmp_path / ("x" * 90)
    long.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(long))
    with pytest.raises(SocketFolderError, match="too long"):
        socket_path(Path("/a/home"))
