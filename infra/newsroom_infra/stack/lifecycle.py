"""The commands on the local stack: up, down, reset, status and logs.

``up`` may be killed at any moment: each step is atomic, and the next ``up`` continues from there.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from filelock import FileLock
from rich.console import Console

from newsroom_infra import topics
from newsroom_infra.home import note_of, remember
from newsroom_infra.settings import Settings
from newsroom_infra.stack import broker, jars, parts, ports, postgres, programs
from newsroom_infra.stack.daemon import Daemon, Process, ProcessPlan
from newsroom_infra.stack.errors import DiskFullError, FolderError, NoLogsError, ResetRefusedError
from newsroom_infra.stack.ports import LOOPBACK
from newsroom_infra.stack.progress import UpProgress

WANTED_DISK = 500_000_000
"""Free bytes required to start: for jars, logs and the first records. Also required in PostgreSQL's folder."""
JARS_DISK = 100_000_000
"""Free bytes required in the folder of jars before fetching: twice what the jars take."""
SERVER_SECONDS = 90.0
"""Maximum seconds until a server answers. After a kill it recovers first, which is slow on a slow machine."""


def up(settings: Settings, console: Console, *, worker: bool = True) -> None:
    """Start the local stack from whatever state it is in. Programs that are running already are left alone.

    1. Finish an interrupted reset; stop a stack that runs with other settings.  2. Check ports and disk, and note in
    the home which database it uses.  3. Fetch jars and create the storage of broker and database, unless done.
    4. Start the process manager, then the servers, and wait until they answer.  5. Create missing topics; refuse those
    whose settings would not keep the log.  6. Start the workers.

    An external server (``settings.kafka``, a URL in ``settings.database``) is neither created nor started. Raises a
    :class:`NewsroomError`.
    """
    report = UpProgress(console)
    home = _home(settings)
    daemon = Daemon(home)
    with _locked(home):
        note_of(home)
        plan = parts.plan(settings)
        names = [*parts.servers(settings), *(parts.workers(settings) if worker else [])]
        if _runs(daemon, plan, names):
            report.say(f"everything is running: {', '.join(names)} ({settings.bootstrap})")
            return
        _settle(settings, daemon, plan, report)
        idle = [name for name in parts.servers(settings) if not daemon.process(name).alive]
        _check(settings, idle)
        remember(home, settings.variables().get("NEWSROOM_DATABASE"))
        _prepare(settings, plan, idle, report)
        _start(settings, daemon, plan, names, report)


def down(settings: Settings) -> bool:
    """Stop the local stack and keep all data. Return True if anything was running."""
    home = _home(settings)
    if not home.is_dir():
        return False
    with _locked(home):
        return Daemon(home).stop()


def reset(settings: Settings) -> None:
    """Stop the stack, then drop log and generations together; the jars stay. ``up`` finishes an interrupted reset.

    Raises :class:`ResetRefusedError` if the log or the generations do not belong to the local stack, and what
    ``note_of`` raises.
    """
    refuse_reset(settings)
    home = _home(settings)
    if not home.is_dir():
        return
    with _locked(home):
        note_of(home)
        Daemon(home).stop()
        _marker(home).touch()
        _drop(settings)


def refuse_reset(settings: Settings) -> None:
    """Raise :class:`ResetRefusedError` unless everything that a reset drops belongs to the local stack."""
    if settings.kafka is not None:
        raise ResetRefusedError("NEWSROOM_KAFKA", "the topics of that cluster do not belong to the stack")
    if settings.many_workers and not settings.local_postgres:
        raise ResetRefusedError("NEWSROOM_DATABASE", "that database does not belong to the stack")


def status(settings: Settings) -> list[Process]:
    """Return every program of the stack, including those that are not running."""
    daemon = Daemon(_home(settings))
    ports = parts.servers(settings)
    names = [*ports, *parts.workers(settings)]
    return [msgspec.structs.replace(daemon.process(name), port=ports.get(name)) for name in names]


def logs(settings: Settings, name: str | None) -> list[Path]:
    """Return all logs, or those of a program; ``worker`` means all workers. Raises :class:`NoLogsError`."""
    folder = Daemon(_home(settings)).log.parent
    there = sorted(folder.glob("*.log"))
    if files := [file for file in there if name is None or file.stem == name or file.stem.startswith(f"{name}-")]:
        return files
    raise NoLogsError(folder, name, [file.stem for file in there])


def check_disk(folder: Path, wanted: int) -> None:
    """Raise :class:`DiskFullError` if the disk of a folder, which need not exist yet, has too few free bytes."""
    there = next(each for each in (folder, *folder.parents) if each.exists())
    free = shutil.disk_usage(there).free
    if free < wanted:
        raise DiskFullError(folder, free, wanted)


def _home(settings: Settings) -> Path:
    return settings.home.resolve()


@contextmanager
def _locked(home: Path) -> Iterator[None]:
    """Create the home and lock it, so that one command at a time changes the stack."""
    try:
        home.mkdir(parents=True, exist_ok=True)
        lock = FileLock(home / "lock")
        lock.acquire()
    except OSError as error:
        raise FolderError(home, "NEWSROOM_HOME", str(error)) from error
    try:
        yield
    finally:
        lock.release()


def _runs(daemon: Daemon, plan: ProcessPlan, names: list[str]) -> bool:
    same = daemon.identity() == plan.identity
    return same and all(daemon.process(name).state == "running" for name in names)


def _settle(settings: Settings, daemon: Daemon, plan: ProcessPlan, report: UpProgress) -> None:
    if daemon.identity() not in {None, plan.identity}:
        report.say("the stack runs with other settings and is restarted")
    if daemon.identity() != plan.identity:
        daemon.stop()
    if _marker(daemon.home).exists():
        with report.step("finishing an interrupted reset"):
            daemon.stop()
            _drop(settings)


def _check(settings: Settings, servers: list[str]) -> None:
    """Check ports and disk for the servers that are about to start."""
    ports.check({variable: port for name in servers for variable, port in parts.ports(settings, name).items()})
    if servers:
        check_disk(_home(settings), WANTED_DISK)
    if "postgres" in servers:
        check_disk(postgres.place(_home(settings)), WANTED_DISK)


def _prepare(settings: Settings, plan: ProcessPlan, servers: list[str], report: UpProgress) -> None:
    """Fetch the jars and create the storage of broker and database, unless done."""
    home = _home(settings)
    if "kafka" in servers:
        _fetch_jars(settings, report)
        if not (home / "kafka").is_dir():
            with report.step("formatting storage"):
                broker.format_storage(home, dict(plan.environment))
    if "postgres" in servers and not postgres.is_made(home):
        with report.step("creating the PostgreSQL database"):
            postgres.make(home)


def _fetch_jars(settings: Settings, report: UpProgress) -> None:
    folder = settings.jars_folder.resolve()
    if lacking := jars.missing(folder, jars.listed()):
        check_disk(folder, JARS_DISK)
        with report.files("fetching Kafka's jars", len(lacking)) as arrived:
            jars.fetch(folder, lacking, arrived)


def _start(settings: Settings, daemon: Daemon, plan: ProcessPlan, names: list[str], report: UpProgress) -> None:
    """Start the programs that are not running: servers one after the other, workers together."""
    if daemon.identity() is None:
        daemon.start(plan)
    if "postgres" in names:
        with report.step(f"starting PostgreSQL on {LOOPBACK}:{settings.postgres_port}"):
            programs.start(daemon, "postgres")
            programs.wait(daemon, "postgres", lambda: postgres.accepts(settings.postgres_port), SERVER_SECONDS)
    if "kafka" in names:
        with report.step(f"starting Kafka on {settings.bootstrap}"):
            programs.start(daemon, "kafka")
            programs.wait(daemon, "kafka", lambda: ports.listens(settings.kafka_port), SERVER_SECONDS)
    with report.step("creating topics"):
        topics.ensure(settings)
        harmless = topics.require(settings)
    for each in harmless:
        report.say(f"note: {each}")
    if workers := [name for name in names if name not in parts.servers(settings)]:
        with report.step(f"starting {', '.join(workers)}"):
            programs.start(daemon, *workers)


def _generations_in(folder: Path) -> Iterator[Path]:
    """Yield the files of the control database and of all generations, which have lock files beside them."""
    for name in ("control", *(lock.stem for lock in folder.glob("*.lock"))):
        for ending in ("", "-wal", "-shm"):
            yield folder / f"{name}.sqlite{ending}"


def _marker(home: Path) -> Path:
    """Return the file that exists while a reset is unfinished."""
    return home / "reset.unfinished"


def _drop(settings: Settings) -> None:
    """Drop the generations in every database, then the log. In database folders, delete only the newsroom's files."""
    home = _home(settings)
    for folder in {settings.database_folder.resolve(), home / "database"}:
        for file in _generations_in(folder):
            file.unlink(missing_ok=True)
    postgres.drop(home)
    if (home / "kafka").exists():
        shutil.rmtree(home / "kafka")
    _marker(home).unlink()
