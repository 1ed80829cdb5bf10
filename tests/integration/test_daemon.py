"""The process manager with small programs of our own: it starts them, sees them die, and leaves none behind."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from support.stack import guarded_folder

from newsroom_consumers.waiting import until
from newsroom_infra.stack import daemon as daemons
from newsroom_infra.stack import programs
from newsroom_infra.stack.daemon import Daemon, ProcessPlan, socket_path, tail
from newsroom_infra.stack.errors import SocketFolderError, StartError, StopError


def plan(code: str, **environment: str) -> ProcessPlan:
    """One program, ``press``, that runs Python code."""
    options = {"command": f"\"%(ENV_PYTHON)s\" -c '{code}'"}
    return ProcessPlan(programs={"press": options}, environment={"PYTHON": sys.executable, **environment})


SLEEP = "import time; time.sleep(600)"
DEAF = "import signal, time; signal.signal(signal.SIGINT, signal.SIG_IGN); print(1, flush=True); time.sleep(600)"
DIE = 'import sys; print("out of paper"); sys.exit(3)'


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Make a folder for homes whose guard ends what a test has left."""
    with guarded_folder() as folder:
        yield folder


@pytest.fixture
def daemon(folder: Path) -> Iterator[Daemon]:
    """Return a daemon, not started, in a home whose path is hard to quote."""
    home = Path(tempfile.mkdtemp(dir=folder)) / "стек 100% #1 ; x"
    home.mkdir()
    daemon = Daemon(home)
    yield daemon
    with suppress(OSError, psutil.NoSuchProcess):
        kill(daemon)  # which is faster than to stop it
    daemon.stop()


def kill(daemon: Daemon) -> None:
    """Kill the daemon alone, as a crash does."""
    process = manager(daemon)
    process.kill()
    process.wait(10)


def manager(daemon: Daemon) -> psutil.Process:
    """Return the daemon's process."""
    return psutil.Process(int((daemon.home / "supervisord.pid").read_text()))


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


def test_a_program_that_dies_again_and_again_is_started_anew_not_waited_for(daemon: Daemon) -> None:
    daemon.start(plan(DIE))
    daemon.launch("press")
    assert until(lambda: daemon.process("press").state == "backoff", 10)
    with pytest.raises(StartError, match="died while starting"):
        programs.start(daemon, "press")
    daemon.halt("press")
    assert daemon.process("press").state != "backoff"


def test_a_plan_that_the_process_manager_refuses_is_an_error_with_its_words(daemon: Daemon) -> None:
    with pytest.raises(StartError, match=r"(?s)supervisord did not start.*'high'"):
        daemon.start(ProcessPlan(programs={"press": {"command": "true", "priority": "high"}}, environment={}))


def test_a_daemon_whose_socket_was_swept_away_answers_nothing_and_is_stopped(daemon: Daemon) -> None:
    """Temporary folders are swept while a stack runs for weeks."""
    daemon.start(plan(SLEEP))
    programs.start(daemon, "press")
    socket_path(daemon.home).unlink()
    assert (daemon.identity(), daemon.processes()) == ("", {})
    assert daemon.stop()
    assert daemon.identity() is None


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
    kill(daemon)
    assert daemon.stop()
    assert not orphan.is_running() or orphan.status() == psutil.STATUS_ZOMBIE
    daemon.start(plan(SLEEP))
    assert daemon.identity() == plan(SLEEP).identity


def test_what_does_not_end_in_time_is_named(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    """First the daemon itself, which cannot run; then a program that outlived it, and hears no Ctrl-C."""
    monkeypatch.setattr(daemons, "STOP_SECONDS", 0.2)
    daemon.start(plan(DEAF))
    programs.start(daemon, "press")
    assert until(lambda: tail(daemon.log_of("press")) == "1", 10)
    orphan = psutil.Process(daemon.process("press").pid)
    manager(daemon).suspend()
    with pytest.raises(StopError) as caught:
        daemon.stop()
    assert caught.value.pid == manager(daemon).pid
    kill(daemon)
    with pytest.raises(StopError, match=rf"process {orphan.pid}\) .*end that process"):
        daemon.stop()
    orphan.kill()


def test_stopping_what_does_not_run_says_so(daemon: Daemon) -> None:
    assert not daemon.stop()
    assert daemon.identity() is None


def test_a_log_that_is_not_there_has_no_last_lines(daemon: Daemon) -> None:
    assert tail(daemon.log) == "(empty)"


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


def test_a_folder_of_the_socket_that_is_a_link_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """Anybody may put one into the folder for temporary files."""
    with tempfile.TemporaryDirectory() as temporary:
        monkeypatch.setattr("tempfile.tempdir", temporary)
        folder = socket_path(Path("/a/home")).parent
        elsewhere = folder.rename(folder.with_name("elsewhere"))
        folder.symlink_to(elsewhere)
        with pytest.raises(SocketFolderError, match="another user"):
            socket_path(Path("/a/home"))
