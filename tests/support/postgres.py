"""One PostgreSQL server for a whole test run, started when a test asks for it first, and databases of their own on it.

Its guard is another process, as the broker's: it ends the server and removes its folder however the run ends.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import psycopg
from support.stack import free_ports, start_guard

from newsroom_infra.stack import postgres

PASSWORD = "s3cret/&:@"  # noqa: S105 - of a server that lives as long as the run, with all that a URL has to quote
_QUOTED = "s3cret%2F%26%3A%40"
_START_SECONDS = 30.0
_FAST = ("-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off")
"""The machine may forget a test's data when it loses power."""


class Server:
    """A server of the run; ``url`` is that of its first database."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port = free_ports(1)[0]
        self.start()

    @property
    def url(self) -> str:
        """URL of the database that every server has."""
        return self.url_of("postgres")

    def url_of(self, name: str) -> str:
        """Return the URL of a database by its name."""
        return f"postgresql://{postgres.USER}:{_QUOTED}@127.0.0.1:{self.port}/{name}"

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        command = postgres.server(self._folder / "data", self.port)
        with (self._folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*command, *_FAST], cwd=self._folder, user=postgres.account(), stdout=log, stderr=log
            )
        until = time.monotonic() + _START_SECONDS
        while not self._answers():
            log_said = (self._folder / "server.log").read_text()
            assert time.monotonic() < until, log_said
            assert self.process.poll() is None, log_said

    def kill(self) -> None:
        """End the server as a crash does."""
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait()

    def stop(self) -> None:
        """End the server, whoever is connected."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait()

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url, connect_timeout=2).close()
        except psycopg.OperationalError:
            time.sleep(0.02)
            return False
        return True


@contextmanager
def running_server() -> Iterator[Server]:
    """Start a server in a folder of its own."""
    folder = Path(tempfile.mkdtemp(prefix="newsroom-pg-"))
    guard = start_guard("support.postgres", folder)
    try:
        postgres.own(folder)
        postgres.make_data(folder / "data", PASSWORD)
        server = Server(folder)
        yield server
        server.stop()
    finally:
        guard.communicate()


@contextmanager
def fresh_database(server: Server) -> Iterator[str]:
    """Create an empty database, yield its URL, and drop it afterwards."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield server.url_of(name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def guard(folder: Path) -> None:
    """Wait until the test run is over, then end the server of a folder and remove that."""
    sys.stdin.read()
    with suppress(OSError, ValueError, IndexError, psutil.Error):
        server = psutil.Process(int((folder / "data" / "postmaster.pid").read_text().split()[0]))
        server.send_signal(signal.SIGQUIT)
        server.wait(_START_SECONDS)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    guard(Path(sys.argv[1]))
