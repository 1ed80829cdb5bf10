"""One broker for a whole test run, started through the product's own stack code in a home of its own.

A guard process ends it: it waits for its standard input to close, which happens at the end of the run however the run
ends, then takes the stack down and removes the home.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from kafka.admin import KafkaAdminClient
from rich.console import Console

from newsroom_infra import stack, topics
from newsroom_infra.settings import Settings


def settings_for(home: Path) -> Settings:
    """Give the settings of a stack of its own in ``home``: free ports, the jars shared with ``make up``."""
    kafka_port, controller_port = free_ports(2)
    return Settings(
        home=home, jars=jars_folder(), kafka=None, database=None, kafka_port=kafka_port, controller_port=controller_port
    )


def jars_folder() -> Path:
    """Give the folder of jars that all test runs of this checkout share."""
    return Path(os.environ.get("NEWSROOM_JARS") or Path(__file__).parents[1] / ".newsroom" / "jars")


def free_ports(count: int) -> list[int]:
    """Find ports of the loopback interface that nobody listens on."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [probe.getsockname()[1] for probe in sockets]


@contextmanager
def guarded_home() -> Iterator[Path]:
    """Make a temporary home; whatever runs in it is stopped, and it is removed, even if this process is killed."""
    home = Path(tempfile.mkdtemp(prefix="newsroom-test-"))
    command = [sys.executable, __file__, str(home)]
    guard = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)
    try:
        yield home
    finally:
        guard.communicate()


@contextmanager
def running_broker() -> Iterator[str]:
    """Start a broker without a worker and give its bootstrap string."""
    with guarded_home() as home:
        settings = settings_for(home)
        stack.up(settings, Console(stderr=True), worker=False)
        yield settings.bootstrap


@contextmanager
def fresh_topics(bootstrap: str, prefix: str) -> Iterator[str]:
    """Create the newsroom's topics with a prefix, and delete them afterwards."""
    created = topics.ensure(Settings(kafka=bootstrap, topic_prefix=prefix))
    yield prefix
    with KafkaAdminClient(bootstrap_servers=bootstrap) as admin:
        admin.delete_topics(list(created), raise_errors=False)


def guard(home: Path) -> None:
    """Wait until the test run is over, then stop what runs in its home and remove it."""
    sys.stdin.read()
    stack.down(Settings(home=home))
    shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    guard(Path(sys.argv[1]))
