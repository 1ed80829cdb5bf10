"""The process manager: one ``supervisord`` for each home, spoken to over a Unix socket that only its owner can open.

Its configuration, its process id and all logs lie in the home. The socket lies in a short private folder, since the
path of a socket may not exceed about a hundred bytes.
"""

from __future__ import annotations

import configparser
import hashlib
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from xmlrpc.client import Error, Fault, ServerProxy

import msgspec
import psutil
from supervisor.xmlrpc import Faults, SupervisorTransport

from newsroom_infra.stack.errors import SocketFolderError, StartError, StopError
from newsroom_infra.stack.waiting import until

LONGEST_SOCKET = 100
"""Bytes that the path of a Unix socket may have everywhere (104 on macOS, 108 on Linux, with the end mark)."""
MARK = "NEWSROOM_STACK"
"""Variable in the environment of everything that the daemon starts: the home that it belongs to."""
START_SECONDS = 20.0
"""How long the daemon may take to answer."""
STOP_SECONDS = 60.0
"""How long the daemon may take to stop its programs and end."""


class Process(msgspec.Struct, frozen=True, kw_only=True):
    """One program as the daemon sees it."""

    name: str = msgspec.field(name="process")
    state: str
    """running, starting, stopped, backoff, exited, fatal, …"""
    pid: int | None = None
    uptime: float | None = None
    """Seconds since it was started; ``None`` when it does not run."""
    port: int | None = None
    """Port that it listens on, if it does."""

    @property
    def alive(self) -> bool:
        """Whether it runs or is about to."""
        return self.state in {"running", "starting"}


class ProcessPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What the daemon shall run: program sections of its configuration, and the environment of all programs."""

    programs: Mapping[str, Mapping[str, str]]
    """Options of each program by its name; paths are relative to the home, ``%(ENV_…)s`` is a variable."""
    environment: Mapping[str, str]

    @property
    def identity(self) -> str:
        """A short name that is the same for the same plan only."""
        return hashlib.sha256(msgspec.json.encode(self, order="deterministic")).hexdigest()[:16]


class Daemon:
    """The ``supervisord`` of one home."""

    def __init__(self, home: Path) -> None:
        """Take the home, an absolute path; nothing is started or made."""
        self.home = home
        self.log = home / "logs" / "supervisord.log"
        self._config = home / "supervisord.conf"
        self._pid_file = home / "supervisord.pid"

    def start(self, plan: ProcessPlan) -> None:
        """Start the daemon, none of its programs yet, and wait until it answers."""
        (self.home / "logs").mkdir(parents=True, exist_ok=True)
        self._write(plan)
        command = [sys.executable, "-P", "-m", "supervisor.supervisord", "-c", str(self._config)]
        done = subprocess.run(  # noqa: S603  our own interpreter, our own arguments
            command,
            cwd=self.home,
            env={**_inherited(), **plan.environment, MARK: str(self.home)},
            capture_output=True,
            text=True,
            check=False,
            start_new_session=True,
        )
        if done.returncode:
            raise StartError("supervisord", "did not start", None, done.stdout + done.stderr)
        if not until(lambda: self.identity() == plan.identity, START_SECONDS):
            raise StartError("supervisord", f"has not answered for {START_SECONDS:.0f} s", self.log, tail(self.log))

    def stop(self) -> bool:
        """Stop all programs, the last started first, and the daemon; say whether anything ran.

        Programs that outlived a daemon that was killed are stopped too.
        """
        process = self._process()
        if process is not None:
            process.terminate()
            if not until(lambda: self._process() is None, STOP_SECONDS):
                raise StopError(process.pid, STOP_SECONDS)
        # a folder in the home may lead out of it
        folders = [folder.resolve() for folder in (self.home, *self.home.glob("*/"))]
        orphans = [one for one in psutil.process_iter() if self._is_orphan(one, folders)]
        for orphan in orphans:
            orphan.send_signal(signal.SIGINT)  # at SIGTERM PostgreSQL would wait for its clients
        for orphan in psutil.wait_procs(orphans, timeout=STOP_SECONDS)[1]:
            raise StopError(orphan.pid, STOP_SECONDS)
        self._forget_socket()
        return process is not None or bool(orphans)

    def identity(self) -> str | None:
        """Give the identity of the plan that the daemon runs: ``""`` if it does not answer, ``None`` without one."""
        if self._process() is None:
            return None
        try:
            with self._remote() as remote:
                return str(remote.getIdentification())
        except (OSError, Error):
            return ""

    def processes(self) -> dict[str, Process]:
        """Give every program by its name; nothing when no daemon answers."""
        if not self.identity():
            return {}
        with self._remote() as remote:
            return {info["name"]: _seen(info) for info in remote.getAllProcessInfo()}

    def process(self, name: str) -> Process:
        """Give one program; without a daemon it is stopped."""
        return self.processes().get(name, Process(name=name, state="stopped"))

    def launch(self, name: str) -> None:
        """Start a program and return at once. Raises :class:`StartError` when there is nothing to execute."""
        try:
            with self._remote() as remote:
                remote.startProcess(name, False)  # noqa: FBT003  XML-RPC knows no keywords: do not wait
        except Fault as fault:
            raise StartError(name, f"could not be started: {fault.faultString}", self.log, tail(self.log)) from fault

    def halt(self, name: str) -> None:
        """Stop a program, if it runs or is being tried again, and wait for its end."""
        try:
            with self._remote() as remote:
                remote.stopProcess(name)
        except Fault as fault:
            if fault.faultCode != Faults.NOT_RUNNING:
                raise

    def log_of(self, name: str) -> Path:
        """Give the log of a program."""
        return self.home / "logs" / f"{name}.log"

    def _process(self) -> psutil.Process | None:
        """Find the daemon by its process id, if that process is ours and not one that took over the number."""
        try:
            process = psutil.Process(int(self._pid_file.read_text()))
            return process if str(self._config) in process.cmdline() else None
        except (OSError, ValueError, psutil.Error):
            return None

    def _is_orphan(self, process: psutil.Process, folders: Sequence[Path]) -> bool:
        """Say whether a process is a program of this home: it runs in its folders, with a plan's variable."""
        try:
            folder = Path(process.cwd())
            inside = any(folder.is_relative_to(each) for each in folders)
            return inside and process.environ().get(MARK) == str(self.home)
        except (OSError, psutil.Error):
            return False

    @contextmanager
    def _remote(self) -> Iterator[Any]:
        transport = SupervisorTransport(serverurl=f"unix://{self._socket()}")
        with ServerProxy("http://localhost", transport=transport) as proxy:
            yield proxy.supervisor

    def _socket(self) -> Path:
        """Give the socket that the configuration names: the temporary folder may be another one by now."""
        parser = configparser.RawConfigParser()
        parser.read(self._config)
        return Path(parser["unix_http_server"]["file"].replace("%%", "%"))

    def _forget_socket(self) -> None:
        """Remove the folder of a socket that nobody listens on any more."""
        if self._config.exists():
            with suppress(OSError):
                self._socket().unlink(missing_ok=True)
                self._socket().parent.rmdir()

    def _write(self, plan: ProcessPlan) -> None:
        parser = configparser.RawConfigParser()
        parser.read_dict(self._sections(plan))
        partial = self._config.with_suffix(".partial")
        with partial.open("w") as file:
            parser.write(file)
        partial.replace(self._config)

    def _sections(self, plan: ProcessPlan) -> dict[str, Mapping[str, str]]:
        """Say the configuration: https://supervisord.org/configuration.html.

        All paths are relative to the home: supervisor would read a ``%``, a ``;`` or a ``#`` in them as its own.
        """
        manager = {
            "identifier": plan.identity,
            "pidfile": "supervisord.pid",
            "logfile": "logs/supervisord.log",
            "childlogdir": "logs",
        }
        if os.geteuid() == 0:
            manager["user"] = "root"
        return {
            "unix_http_server": {"file": str(socket_path(self.home)).replace("%", "%%"), "chmod": "0600"},
            "rpcinterface:supervisor": {
                "supervisor.rpcinterface_factory": "supervisor.rpcinterface:make_main_rpcinterface"
            },
            "supervisord": manager,
            **{f"program:{name}": {**_program(name), **options} for name, options in plan.programs.items()},
        }


def socket_path(home: Path) -> Path:
    """Make the private folder of a home's socket and give the socket's path."""
    name = f"newsroom-{os.geteuid()}-{hashlib.sha256(os.fsencode(home)).hexdigest()[:12]}"
    folder = Path(tempfile.gettempdir()) / name
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.geteuid():
        raise SocketFolderError(folder, "it belongs to another user")
    folder.chmod(0o700)
    path = folder / "supervisor.sock"
    if len(os.fsencode(path)) > LONGEST_SOCKET:
        raise SocketFolderError(folder, "its path is too long")
    return path


def tail(log: Path, lines: int = 20) -> str:
    """Give the last lines of a log, or say that there is none."""
    if not log.is_file():
        return "(empty)"
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


def _inherited() -> dict[str, str]:
    """Give the caller's environment without settings: those of the plan alone count."""
    return {name: value for name, value in os.environ.items() if not name.startswith("NEWSROOM_")}


def _program(name: str) -> dict[str, str]:
    """Options of every program: started on demand, restarted when it dies, one rotated log."""
    return {
        "autostart": "false",
        "autorestart": "true",
        "redirect_stderr": "true",
        "stdout_logfile": f"logs/{name}.log",
        "stdout_logfile_maxbytes": "10MB",
        "stdout_logfile_backups": "3",
    }


def _seen(info: dict[str, Any]) -> Process:
    runs = bool(info["pid"])
    return Process(
        name=info["name"],
        state=info["statename"].lower(),
        pid=info["pid"] if runs else None,
        uptime=float(info["now"] - info["start"]) if runs else None,
    )
