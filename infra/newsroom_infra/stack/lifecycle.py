"""The life of the local stack: up, down, reset and status.

``up`` may be killed at any moment: each step is whole or not done, and the next ``up`` goes on from there.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from filelock import FileLock
from rich.console import Console

from newsroom_infra import topics
from newsroom_infra.settings import Settings
from newsroom_infra.stack import broker, jars, programs
from newsroom_infra.stack.daemon import Daemon, Plan, Process
from newsroom_infra.stack.errors import DiskFullError, FolderError, NoLogsError, ResetRefusedError
from newsroom_infra.stack.progress import Report

WANTED_DISK = 500_000_000
"""Free bytes that a stack starts with: jars, logs and room for the log itself."""
BROKER_SECONDS = 90.0
"""How long the broker may take to listen; a slow machine after a kill replays its log first."""


def up(settings: Settings, console: Console, *, worker: bool = True) -> None:
    """Bring the local stack up from whatever state it is in; what runs already is left alone.

    1. Finish a reset that was cut off; stop a stack that runs with other settings.  2. Fetch jars and format the
    broker's storage, unless done.  3. Start the process manager.  4. Start the broker and wait until it listens.
    5. Create the topics that are missing.  6. Start the worker.

    With a cluster of one's own (``settings.kafka``) steps 2 and 4 are left out. Raises a :class:`NewsroomError`.
    """
    report = Report(console)
    home = _home(settings)
    daemon = Daemon(home)
    names = _names(settings, worker=worker)
    with _alone(home):
        plan = _plan(settings)
        if _runs(daemon, plan, names):
            report.say(f"everything is running: {', '.join(names)} ({settings.bootstrap})")
            return
        _settle(settings, daemon, plan, report)
        if settings.kafka is None and not daemon.process("kafka").alive:
            _prepare_broker(settings, plan, report)
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

    Raises :class:`ResetRefusedError` where the log or the generations are not the local stack's own.
    """
    refuse_reset(settings)
    home = _home(settings)
    if not home.is_dir():
        return
    with _alone(home):
        Daemon(home).stop()
        _marker(home).touch()
        _drop(settings)


def refuse_reset(settings: Settings) -> None:
    """Raise :class:`ResetRefusedError` unless everything that a reset drops is the local stack's own."""
    if settings.kafka is not None:
        raise ResetRefusedError("NEWSROOM_KAFKA", "the topics of that cluster are not the stack's to drop")
    if settings.database is not None and "://" in settings.database:
        raise ResetRefusedError("NEWSROOM_DATABASE", "that database is not the stack's to drop")


def status(settings: Settings) -> list[Process]:
    """Give every program that belongs to the stack, also those that do not run."""
    daemon = Daemon(_home(settings))
    ports = {"kafka": settings.kafka_port}
    return [
        msgspec.structs.replace(daemon.process(name), port=ports.get(name)) for name in _names(settings, worker=True)
    ]


def logs(settings: Settings, name: str | None) -> list[Path]:
    """Give the logs that there are, or the one of a program. Raises :class:`NoLogsError`."""
    daemon = Daemon(_home(settings))
    names = [name] if name else ["kafka", "worker", "supervisord"]
    if files := [file for file in map(daemon.log_of, names) if file.is_file()]:
        return files
    raise NoLogsError(daemon.log.parent)


def check_disk(folder: Path, wanted: int) -> None:
    """Raise :class:`DiskFullError` when the folder's disk has fewer free bytes than wanted."""
    free = shutil.disk_usage(folder).free
    if free < wanted:
        raise DiskFullError(folder, free, wanted)


def _home(settings: Settings) -> Path:
    return settings.home.resolve()


def _names(settings: Settings, *, worker: bool) -> list[str]:
    """Name the programs, in the order in which they start."""
    return [*(["kafka"] if settings.kafka is None else []), *(["worker"] if worker else [])]


def _plan(settings: Settings) -> Plan:
    options = {} if settings.kafka else {"kafka": broker.options(settings)}
    python = '"%(ENV_NEWSROOM_PYTHON)s" -P -m newsroom_infra worker'
    options["worker"] = {"command": python, "priority": "2", "startsecs": "2"}
    variables = {} if settings.kafka else broker.environment(settings.jars_folder.resolve())
    return Plan(programs=options, environment=variables | settings.variables() | {"NEWSROOM_PYTHON": sys.executable})


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


def _runs(daemon: Daemon, plan: Plan, names: list[str]) -> bool:
    same = daemon.identity() == plan.identity
    return same and all(daemon.process(name).state == "running" for name in names)


def _settle(settings: Settings, daemon: Daemon, plan: Plan, report: Report) -> None:
    if daemon.identity() not in {None, plan.identity}:
        report.say("the stack runs with other settings and is started anew")
    if daemon.identity() != plan.identity:
        daemon.stop()
    if _marker(daemon.home).exists():
        with report.step("finishing a reset that was cut off"):
            daemon.stop()
            _drop(settings)


def _prepare_broker(settings: Settings, plan: Plan, report: Report) -> None:
    """Have free ports and disk, jars and formatted storage."""
    home = _home(settings)
    broker.check_ports(settings)
    check_disk(home, WANTED_DISK)
    folder = settings.jars_folder.resolve()
    if lacking := jars.missing(folder, jars.listed()):
        with report.files("fetching Kafka's jars", len(lacking)) as arrived:
            jars.fetch(folder, lacking, arrived)
    if not (home / "kafka").is_dir():
        with report.step("formatting storage"):
            broker.format_storage(home, dict(plan.environment))


def _start(settings: Settings, daemon: Daemon, plan: Plan, names: list[str], report: Report) -> None:
    """Start what does not run yet, one after the other."""
    if daemon.identity() is None:
        daemon.start(plan)
    if "kafka" in names:
        with report.step(f"starting Kafka on {settings.bootstrap}"):
            programs.start(daemon, "kafka")
            programs.wait(daemon, "kafka", lambda: broker.listens(settings.kafka_port), BROKER_SECONDS)
    with report.step("creating topics"):
        topics.ensure(settings)
    if "worker" in names:
        with report.step("starting worker"):
            programs.start(daemon, "worker")


def _marker(home: Path) -> Path:
    """Give the file that stands while a reset drops things."""
    return home / "reset.unfinished"


def _drop(settings: Settings) -> None:
    """Drop generations, then the log: in a folder of one's own only files of the newsroom's naming go."""
    home = _home(settings)
    for file in settings.database_folder.glob("*.sqlite*"):
        file.unlink()
    if (home / "kafka").exists():
        shutil.rmtree(home / "kafka")
    _marker(home).unlink()
