"""Why the local stack does not start, stop or reset: one class for each reason."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from newsroom_schemas.errors import Kind, NewsroomError


class JarError(NewsroomError):
    """A jar of the broker cannot be had as the committed list names it."""

    def __init__(self, coordinates: str, problem: str) -> None:
        """Name the jar by ``group:artifact:version`` and say what is wrong."""
        super().__init__(
            f"the broker's jar {coordinates} could not be fetched: {problem}. "
            "Check the network (a proxy goes into HTTPS_PROXY) and run `newsroom up` again; jars that are here stay"
        )
        self.coordinates = coordinates
        self.problem = problem


class PortInUseError(NewsroomError):
    """Another process listens on a port that the stack needs."""

    def __init__(self, port: int, variable: str, holder: str | None) -> None:
        """Take the port, the variable that sets it, and the process that holds it as far as it is visible."""
        super().__init__(
            f"port {port} on 127.0.0.1 is in use by {holder or 'another process'}: stop it, "
            f"or set another port with {variable}=…"
        )
        self.port = port
        self.variable = variable
        self.holder = holder


class DiskFullError(NewsroomError):
    """The disk of the home has too little room for the stack."""

    def __init__(self, folder: Path, free: int, wanted: int) -> None:
        """Take the folder, and its free and wanted space in bytes."""
        super().__init__(
            f"{folder} has {free // 1_000_000:,} MB free and the stack wants {wanted // 1_000_000:,} MB: "
            "make room, or set NEWSROOM_HOME to a folder on another disk"
        )
        self.folder = folder
        self.free = free
        self.wanted = wanted


class FolderError(NewsroomError):
    """A folder that the stack needs cannot be made or written."""

    def __init__(self, folder: Path, variable: str, problem: str) -> None:
        """Take the folder, the variable that sets it, and what the system says."""
        super().__init__(f"{folder} cannot be used: {problem}. Set another folder with {variable}=…")
        self.folder = folder
        self.variable = variable
        self.problem = problem


class NoPostgresError(NewsroomError):
    """The programs of PostgreSQL are not installed."""

    kind: ClassVar[Kind] = Kind.USAGE

    def __init__(self) -> None:
        """Say where they come from."""
        super().__init__(
            "the programs of PostgreSQL are missing: install them with `pip install 'newsroom-pipeline[stack]'`, or "
            "set NEWSROOM_DATABASE to the postgresql:// URL of a server of your own"
        )


class WorkersError(NewsroomError):
    """More workers are asked for than the database takes."""

    kind: ClassVar[Kind] = Kind.USAGE

    def __init__(self, workers: int) -> None:
        """Take the number asked for."""
        super().__init__(
            f"NEWSROOM_WORKERS is {workers} and SQLite takes one worker: unset it, or use PostgreSQL "
            "(`make up DATABASE=postgres`, or NEWSROOM_DATABASE=postgres)"
        )
        self.workers = workers


class NoLogsError(NewsroomError):
    """No program of the stack has written a log yet."""

    kind: ClassVar[Kind] = Kind.UNKNOWN

    def __init__(self, folder: Path, name: str | None, there: list[str]) -> None:
        """Take the folder of logs, the program that was asked for, and the names of the logs that there are."""
        super().__init__(
            f"no log of {name or 'any program'} in {folder}: "
            + (f"there are {', '.join(there)}" if there else "`newsroom up` starts what writes them")
        )
        self.folder = folder
        self.name = name


class SocketFolderError(NewsroomError):
    """The folder for the process manager's socket belongs to somebody else, or its path is too long."""

    def __init__(self, folder: Path, problem: str) -> None:
        """Take the folder and what is wrong with it."""
        super().__init__(
            f"{folder} cannot hold the stack's socket: {problem}. Set TMPDIR to a short folder of your own"
        )
        self.folder = folder
        self.problem = problem


class StartError(NewsroomError):
    """A program of the stack did not come up."""

    def __init__(self, program: str, problem: str, log: Path | None, lines: str) -> None:
        """Take the program, what was seen, its log and the last lines of it."""
        where = f". The last lines of {log}:\n{lines}" if log else f":\n{lines}"
        super().__init__(f"{program} {problem}{where}")
        self.program = program
        self.problem = problem
        self.log = log


class StopError(NewsroomError):
    """The process manager did not end in time."""

    kind: ClassVar[Kind] = Kind.TIMED_OUT

    def __init__(self, pid: int, seconds: float) -> None:
        """Take the process id of the manager and how long it was waited for."""
        super().__init__(
            f"the stack (process {pid}) has not stopped within {seconds:.0f} s: end that process, then retry"
        )
        self.pid = pid


class ResetRefusedError(NewsroomError):
    """A reset would touch what is not the local stack's own."""

    kind: ClassVar[Kind] = Kind.USAGE

    def __init__(self, variable: str, reason: str) -> None:
        """Name the variable that makes it refuse, and why."""
        super().__init__(f"reset drops the local stack only, and {variable} is set: {reason}")
        self.variable = variable
