"""The errors of the local stack: why it does not start, stop or reset."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from newsroom_schemas.errors import Kind, NewsroomError


class JarError(NewsroomError):
    """A jar of the broker cannot be fetched as the committed list names it."""

    def __init__(self, coordinates: str, problem: str) -> None:
        """``coordinates`` are ``group:artifact:version``; ``problem`` is what went wrong."""
        super().__init__(
            f"the broker's jar {coordinates} could not be fetched: {problem}. "
            "Check the network (set a proxy with HTTPS_PROXY) and run `newsroom up` again; the jars that are here stay"
        )
        self.coordinates = coordinates
        self.problem = problem


class PortInUseError(NewsroomError):
    """Another process listens on a port that the stack needs."""

    def __init__(self, port: int, variable: str, holder: str | None) -> None:
        """``variable`` sets the port; ``holder`` is the process that listens on it, if visible to this user."""
        super().__init__(
            f"port {port} on 127.0.0.1 is in use by {holder or 'another process'}: stop it, "
            f"or set another port with {variable}=…"
        )
        self.port = port
        self.variable = variable
        self.holder = holder


class DiskFullError(NewsroomError):
    """The disk of a folder has too little free space for the stack."""

    def __init__(self, folder: Path, free: int, wanted: int) -> None:
        """``free`` and ``wanted`` are bytes on the folder's disk."""
        super().__init__(
            f"{folder} has {free // 1_000_000:,} MB free and the stack needs {wanted // 1_000_000:,} MB: "
            "free some space, or set NEWSROOM_HOME to a folder on another disk"
        )
        self.folder = folder
        self.free = free
        self.wanted = wanted


class FolderError(NewsroomError):
    """A folder that the stack needs cannot be created or written."""

    def __init__(self, folder: Path, variable: str, problem: str) -> None:
        """``variable`` sets the folder; ``problem`` is the operating system's text."""
        super().__init__(f"{folder} cannot be used: {problem}. Set another folder with {variable}=…")
        self.folder = folder
        self.variable = variable
        self.problem = problem


class NoPostgresError(NewsroomError):
    """The programs of PostgreSQL are not installed."""

    kind: ClassVar[Kind] = Kind.USAGE

    def __init__(self) -> None:
        """Name the extra that installs them."""
        super().__init__(
            "the programs of PostgreSQL are missing: install them with `pip install 'newsroom-pipeline[stack]'`, or "
            "set NEWSROOM_DATABASE to the postgresql:// URL of a server of your own"
        )


class WorkersError(NewsroomError):
    """NEWSROOM_WORKERS asks for more workers than the database allows."""

    kind: ClassVar[Kind] = Kind.USAGE

    def __init__(self, workers: int) -> None:
        """``workers`` is the number asked for."""
        super().__init__(
            f"NEWSROOM_WORKERS is {workers}, but SQLite allows one worker: unset it, or use PostgreSQL "
            "(`make up DATABASE=postgres`, or NEWSROOM_DATABASE=postgres)"
        )
        self.workers = workers


class NoLogsError(NewsroomError):
    """No program of the stack has written a log yet."""

    kind: ClassVar[Kind] = Kind.UNKNOWN

    def __init__(self, folder: Path, name: str | None, there: list[str]) -> None:
        """``name`` is the program that was asked for, ``there`` the names of the logs in the folder."""
        super().__init__(
            f"no log of {name or 'any program'} in {folder}: "
            + (f"there are {', '.join(there)}" if there else "`newsroom up` starts what writes them")
        )
        self.folder = folder
        self.name = name


class SocketFolderError(NewsroomError):
    """The folder for the process manager's socket belongs to somebody else, or its path is too long."""

    def __init__(self, folder: Path, problem: str) -> None:
        """``problem`` is what is wrong with the folder."""
        super().__init__(
            f"{folder} cannot hold the stack's socket: {problem}. Set TMPDIR to a short folder of your own"
        )
        self.folder = folder
        self.problem = problem


class StartError(NewsroomError):
    """A program of the stack did not start."""

    def __init__(self, program: str, problem: str, log: Path | None, lines: str) -> None:
        """``problem`` is what happened, ``log`` the program's log file, ``lines`` its last lines or its output."""
        where = f". The last lines of {log}:\n{lines}" if log else f":\n{lines}"
        super().__init__(f"{program} {problem}{where}")
        self.program = program
        self.problem = problem
        self.log = log


class StopError(NewsroomError):
    """A process of the stack did not end in time."""

    kind: ClassVar[Kind] = Kind.TIMED_OUT

    def __init__(self, pid: int, seconds: float) -> None:
        """``pid`` is the process, ``seconds`` the time waited."""
        super().__init__(
            f"the stack (process {pid}) has not stopped within {seconds:.0f} s: end that process, then retry"
        )
        self.pid = pid


class ResetRefusedError(NewsroomError):
    """A reset would drop data that does not belong to the local stack."""

    kind: ClassVar[Kind] = Kind.USAGE

    def __init__(self, variable: str, reason: str) -> None:
        """``variable`` is the setting that points outside the stack; ``reason`` is why that prevents a reset."""
        super().__init__(f"reset drops only the local stack's data, but {variable} is set: {reason}")
        self.variable = variable
