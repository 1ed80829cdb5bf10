"""Where a run happens: a broker, a database and a disk of its own, all of which may be broken."""

from __future__ import annotations

import os
import signal
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import msgspec
import psutil
from chaos import collecting
from chaos.disk import Disk, small_disk
from chaos.writers import LIMIT
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient
from rich.console import Console
from support.kit import Newsroom
from support.postgres import Server, running_server
from support.stack import fresh_topics, guarded_folder, settings_for
from support.workers import until

from newsroom_infra import stack
from newsroom_infra.settings import Settings
from newsroom_infra.stack import ports
from newsroom_infra.stack.daemon import Daemon

BATCH = 40
"""Records of a batch at most: many batches, many places between them."""
_START_SECONDS = 90.0


class Broker:
    """The broker of a stack, whose process manager starts it again when it dies."""

    def __init__(self, settings: Settings) -> None:
        self.bootstrap = settings.bootstrap
        self._port = settings.kafka_port
        self._daemon = Daemon(settings.home.resolve())
        self.log = self._daemon.log.parent

    def kill(self) -> int:
        """End it as ``kill -9`` does, and return its process id."""
        return self.signal(signal.SIGKILL)

    def signal(self, number: signal.Signals) -> int:
        """Send it a signal, and return its process id."""
        until(lambda: self._daemon.process("kafka").pid is not None)
        pid = self._daemon.process("kafka").pid
        assert pid is not None
        os.kill(pid, number)
        return pid

    def wait(self, dead: int) -> None:
        """Wait until another process than the dead one answers."""
        until(
            lambda: self._daemon.process("kafka").pid not in {dead, None} and ports.listens(self._port), _START_SECONDS
        )


class Base:
    """The server of the database, with all its processes."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def kill(self) -> None:
        """End the first process as ``kill -9`` does, which takes the others with it."""
        others = self._processes()[1:]
        self._server.process.kill()
        self._server.process.wait()
        for process in others:
            with suppress(psutil.NoSuchProcess):
                process.resume()  # one that was frozen would never see that the first is dead
        psutil.wait_procs(others, timeout=_START_SECONDS)

    def start(self) -> None:
        """Start it again."""
        self._server.start()

    def freeze(self) -> None:
        """Let everything stand still."""
        for process in self._processes():
            process.suspend()

    def thaw(self) -> None:
        """Let everything go on."""
        for process in reversed(self._processes()):
            process.resume()

    def _processes(self) -> list[psutil.Process]:
        """Return its processes, the first one first; none while it is dead."""
        if self._server.process.poll() is not None:
            return []
        first = psutil.Process(self._server.process.pid)
        return [first, *first.children(recursive=True)]


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """All that a run may use and break."""

    newsroom: Newsroom
    broker: Broker
    base: Base | None
    disk: Disk | None
    workers: int


@contextmanager
def own_broker(console: Console) -> Iterator[Broker]:
    """Start a broker that may be killed."""
    with guarded_folder() as folder:
        settings = settings_for(folder / "home")
        stack.up(settings, console, worker=False)
        yield Broker(settings)


@contextmanager
def opened(broker: Broker, database: str, seconds: float) -> Iterator[Stage]:
    """Open a newsroom with an empty log and a database of its own, for some seconds of acts."""
    with ExitStack() as held:
        prefix = held.enter_context(fresh_topics(broker.bootstrap, f"chaos-{uuid.uuid4().hex[:12]}"))
        narrow(broker.bootstrap, f"{prefix}.articles")
        base, disk = None, None
        if database == "postgres":
            server = held.enter_context(running_server())
            base, place = Base(server), server.url
        else:
            folder = held.enter_context(guarded_folder()) / "generations"
            disk, place = held.enter_context(small_disk(folder, seconds)), str(folder)
        newsroom = held.enter_context(closing(Newsroom(broker.bootstrap, prefix, place, batch=BATCH)))
        collecting.make(newsroom, "main")
        yield Stage(newsroom=newsroom, broker=broker, base=base, disk=disk, workers=2 if base else 1)


def narrow(bootstrap: str, topic: str) -> None:
    """Have the broker refuse batches above the limit."""
    with KafkaAdminClient(bootstrap_servers=bootstrap) as admin:
        resource = ConfigResource(ConfigResourceType.TOPIC, topic, {"max.message.bytes": str(LIMIT)})
        admin.alter_configs([resource])


def keep_broker_log(broker: Broker, folder: Path) -> None:
    """Copy what the broker has said."""
    for file in broker.log.glob("kafka*.log"):
        (folder / f"broker-{file.name}").write_bytes(file.read_bytes())
