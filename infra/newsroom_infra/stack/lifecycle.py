"""The life of the local stack: up, down, reset and status.

``up`` may be killed at any moment: each step is whole or not done, and the next ``up`` goes on from there.
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
"""Free bytes that a stack starts with: jars, logs and room for the log itself; and the folder of PostgreSQL too."""
JARS_DISK = 100_000_000
"""Free bytes that the folder of jars starts with, wherever it lies: twice what they take."""
SERVER_SECONDS = 90.0
"""How long a server may take to answer; a slow machine after a kill replays its log first."""


def up(settings: Settings, console: Console, *, worker: bool = True) -> None:
    """Bring the local stack up from whatever state it is in; what runs already is left alone.

    1. Finish a reset that was cut off; stop a stack that runs with other settings.  2. Check ports and disk, and note
    in the home which database it uses.  3. Fetch jars and make the storage of broker and database, unless done.
    4. Start the process manager, then the servers, and wait until they answer.  5. Create the topics that are missing;
    refuse those that would not keep the log.  6. Start the workers.

    A server of one's own (``settings.kafka``, a URL in ``settings.database``) is neither made nor started. Raises a
    :class:`NewsroomError`.
    """
    report = UpProgress(console)
    home = _home(settings)
    daemon = Daemon(home)
    with _alone(home):
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
    """Stop the local stack and keep all data; say whether anything was running."""
    home = _home(settings)
    if not home.is_dir():
        return False
    with _alone(home):
        return Daemon(home).stop()


def reset(settings: Settings) -> None:
    """Stop the stack, then drop log and generations together; the jars stay. What is cut off, the next ``up`` finishes.

    Raises :class:`ResetRefusedError` where the log or the generations are not the local stack's own, and
    what ``note_of`` raises.
    """
    refuse_reset(settings)
    home = _home(settings)
    if not home.is_dir():
        return
    with _alone(home):
        note_of(home)
        Daemon(home).stop()
        _marker(home).touch()
        _drop(settings)


def refuse_reset(settings: Settings) -> None:
    """Raise :class:`ResetRefusedError` unless everything that a reset drops is the local stack's own."""
    if settings.kafka is not None:
        raise ResetRefusedError("NEWSROOM_KAFKA", "the topics of that cluster are not the stack's to drop")
    if settings.many_workers and not settings.local_postgres:
        raise ResetRefusedError("NEWSROOM_DATABASE", "that database is not the stack's to drop")


def status(settings: Settings) -> list[Process]:
    """Give every program that belongs to the stack, also those that do not run."""
    daemon = Daemon(_home(settings))
    ports = parts.servers(settings)
    names = [*ports, *parts.workers(settings)]
    return [msgspec.structs.replace(daemon.process(name), port=ports.get(name)) for name in names]


def logs(settings: Settings, name: str | None) -> list[Path]:
    """Give the logs that there are, or those of a program; ``worker`` are all workers. Raises :class:`NoLogsError`."""
    folder = Daemon(_home(settings)).log.parent
    there = sorted(folder.glob("*.log"))
    if files := [file for file in there if name is None or file.stem == name or file.stem.startswith(f"{name}-")]:
        return files
    raise NoLogsError(folder, name, [file.stem for file in there])


def check_disk(folder: Path, wanted: int) -> None:
    """Raise :class:`DiskFullError` when the disk of a folder, there yet or not, has fewer free bytes than wanted."""
    there = next(each for each in (folder, *folder.parents) if each.exists())
    free = shutil.disk_usage(there).free
    if free < wanted:
        raise DiskFullError(folder, free, wanted)


def _home(settings: Settings) -> Path:
    return settings.home.resolve()


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Make the home and let one command at a time change the stack in it."""
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
        report.say("the stack runs with other settings and is started anew")
    if daemon.identity() != plan.identity:
        daemon.stop()
    if _marker(daemon.home).exists():
        with report.step("finishing a reset that was cut off"):
            daemon.stop()
            _drop(settings)


def _check(settings: Settings, servers: list[str]) -> None:
    """See that the servers that are about to start have their ports and some room."""
    ports.check({variable: port for name in servers for variable, port in parts.ports(settings, name).items()})
    if servers:
        check_disk(_home(settings), WANTED_DISK)
    if "postgres" in servers:
        check_disk(postgres.place(_home(settings)), WANTED_DISK)


def _prepare(settings: Settings, plan: ProcessPlan, servers: list[str], report: UpProgress) -> None:
    """Have jars, formatted storage, and a folder for the database."""
    home = _home(settings)
    if "kafka" in servers:
        _fetch_jars(settings, report)
        if not (home / "kafka").is_dir():
            with report.step("formatting storage"):
                broker.format_storage(home, dict(plan.environment))
    if "postgres" in servers and not postgres.is_made(home):
        with report.step("making the PostgreSQL database"):
            postgres.make(home)


def _fetch_jars(settings: Settings, report: UpProgress) -> None:
    folder = settings.jars_folder.resolve()
    if lacking := jars.missing(folder, jars.listed()):
        check_disk(folder, JARS_DISK)
        with report.files("fetching Kafka's jars", len(lacking)) as arrived:
            jars.fetch(folder, lacking, arrived)


def _start(settings: Settings, daemon: Daemon, plan: ProcessPlan, names: list[str], report: UpProgress) -> None:
    """Start what does not run yet: servers one after the other, workers together."""
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
    """Give the files of the control database and of the generations, which a worker's lock file stands beside."""
    for name in ("control", *(lock.stem for lock in folder.glob("*.lock"))):
        for ending in ("", "-wal", "-shm"):
            yield folder / f"{name}.sqlite{ending}"


def _marker(home: Path) -> Path:
    """Give the file that stands while a reset drops things."""
    return home / "reset.unfinished"


def _drop(settings: Settings) -> None:
    """Drop generations in every database, then the log; in a folder of one's own only files of our naming go."""
    home = _home(settings)
    for folder in {settings.database_folder.resolve(), home / "database"}:
        for file in _generations_in(folder):
            file.unlink(missing_ok=True)
    postgres.drop(home)
    if (home / "kafka").exists():
        shutil.rmtree(home / "kafka")
    _marker(home).unlink()
