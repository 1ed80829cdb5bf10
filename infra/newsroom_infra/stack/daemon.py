"""The process manager: one ``supervisord`` per home, controlled over a Unix socket that only its owner can open.

Its configuration, its process id and all logs are in the home. The socket is in a private folder with a short path,
because the path of a socket may not exceed about a hundred bytes.
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

from newsroom_consumers.waiting import until
from newsroom_infra.stack.errors import SocketFolderError, StartError, StopError

LONGEST_SOCKET = 100
"""Maximum bytes of a Unix socket's path on all systems (104 on macOS, 108 on Linux, with the final zero byte)."""
MARK = "NEWSROOM_STACK"
"""Environment variable of every process that the daemon starts: the home that the process belongs to."""
START_SECONDS = 20.0
"""Maximum seconds until the daemon answers."""
STOP_SECONDS = 60.0
"""Maximum seconds for the daemon to stop its programs and end."""


class Process(msgspec.Struct, frozen=True, kw_only=True):
    """One program as the daemon sees it."""

    name: str = msgspec.field(name="process")
    state: str
    """running, starting, stopped, backoff, exited, fatal, …"""
    pid: int | None = None
    uptime: float | None = None
    """Seconds since the start; ``None`` if it is not running."""
    port: int | None = None
    """Port that it listens on, if any."""

    @property
    def alive(self) -> bool:
        """True if it is running or starting."""
        return self.state in {"running", "starting"}


class ProcessPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What the daemon is to run: the program sections of its configuration, and the environment of all programs."""

    programs: Mapping[str, Mapping[str, str]]
    """Options of each program by its name; paths are relative to the home, ``%(ENV_…)s`` is a variable."""
    environment: Mapping[str, str]

    @property
    def identity(self) -> str:
        """Hash of the plan: equal plans have equal identities."""
        return hashlib.sha256(msgspec.json.encode(self, order="deterministic")).hexdigest()[:16]


class Daemon:
    """The ``supervisord`` of one home."""

    def __init__(self, home: Path) -> None:
        """``home`` is an absolute path. Nothing is started or created yet."""
        self.home = home
        self.log = home / "logs" / "supervisord.log"
        self._config = home / "supervisord.conf"
        self._pid_file = home / "supervisord.pid"

    def start(self, plan: ProcessPlan) -> None:
        """Start the daemon without its programs, and wait until it answers. Raises :class:`StartError`."""
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
        """Stop all programs, the last started first, and the daemon. Return True if anything was running.

        Also stops programs that outlived a killed daemon. Raises :class:`StopError`.
        """
        process = self._process()
        if process is not None:
            process.terminate()
            if not until(lambda: self._process() is None, STOP_SECONDS):
                raise StopError(process.pid, STOP_SECONDS)
        # a folder in the home may be a link to one outside
        folders = [folder.resolve() for folder in (self.home, *self.home.glob("*/"))]
        orphans = [one for one in psutil.process_iter() if self._is_orphan(one, folders)]
        for orphan in orphans:
            orphan.send_signal(signal.SIGINT)  # on SIGTERM PostgreSQL would wait for its clients
        for orphan in psutil.wait_procs(orphans, timeout=STOP_SECONDS)[1]:
            raise StopError(orphan.pid, STOP_SECONDS)
        self._forget_socket()
        return process is not None or bool(orphans)

    def identity(self) -> str | None:
        """Return the identity of the daemon's plan, ``""`` if it does not answer, ``None`` if there is no daemon."""
        if self._process() is None:
            return None
        try:
            with self._remote() as remote:
                return str(remote.getIdentification())
        except (OSError, Error):
            return ""

    def processes(self) -> dict[str, Process]:
        """Return every program by its name; none if no daemon answers."""
        if not self.identity():
            return {}
        with self._remote() as remote:
            return {info["name"]: _seen(info) for info in remote.getAllProcessInfo()}

    def process(self, name: str) -> Process:
        """Return one program. Without a daemon its state is stopped."""
        return self.processes().get(name, Process(name=name, state="stopped"))

    def launch(self, name: str) -> None:
        """Start a program without waiting. Raises :class:`StartError` if it cannot be executed."""
        try:
            with self._remote() as remote:
                remote.startProcess(name, False)  # noqa: FBT003  XML-RPC knows no keywords: do not wait
        except Fault as fault:
            raise StartError(name, f"could not be started: {fault.faultString}", self.log, tail(self.log)) from fault

    def halt(self, name: str) -> None:
        """Stop a program, if it is running or being restarted, and wait for its end."""
        try:
            with self._remote() as remote:
                remote.stopProcess(name)
        except Fault as fault:
            if fault.faultCode != Faults.NOT_RUNNING:
                raise

    def log_of(self, name: str) -> Path:
        """Return the path of a program's log."""
        return self.home / "logs" / f"{name}.log"

    def _process(self) -> psutil.Process | None:
        """Return the daemon's process, unless its process id now belongs to another program."""
        try:
            process = psutil.Process(int(self._pid_file.read_text()))
            return process if str(self._config) in process.cmdline() else None
        except (OSError, ValueError, psutil.Error):
            return None

    def _is_orphan(self, process: psutil.Process, folders: Sequence[Path]) -> bool:
        """Return True if a process belongs to this home: it runs in its folders and has the variable ``MARK``."""
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
        """Return the socket that the configuration names: the temporary folder may have changed since."""
        parser = configparser.RawConfigParser()
        parser.read(self._config)
        return Path(parser["unix_http_server"]["file"].replace("%%", "%"))

    def _forget_socket(self) -> None:
        """Remove a socket that nobody listens on any more, and its folder."""
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
        """Return the configuration's sections: https://supervisord.org/configuration.html.

        All paths are relative to the home, because supervisor would interpret a ``%``, ``;`` or ``#`` in it.
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
    """Create the private folder of a home's socket and return the socket's path. Raises :class:`SocketFolderError`."""
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
    """Return the last lines of a log, or ``(empty)`` if there is none."""
    if not log.is_file():
        return "(empty)"
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


def _inherited() -> dict[str, str]:
    """Return the caller's environment without the newsroom's settings: only those of the plan count."""
    return {name: value for name, value in os.environ.items() if not name.startswith("NEWSROOM_")}


def _program(name: str) -> dict[str, str]:
    """Return the options of every program: started on demand, restarted when it dies, one rotated log."""
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
