"""One broker for a whole test run, started through the product's own stack code in a home of its own.

A guard process ends what a test has started: it waits for its standard input to close, which happens however the run
ends, then takes down the stacks of its folder and removes it.
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

from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient
from rich.console import Console

from newsroom_consumers.waiting import until
from newsroom_infra import stack, topics
from newsroom_infra.settings import Settings
from newsroom_infra.stack import postgres

TESTS = Path(__file__).parents[1]


def settings_for(home: Path) -> Settings:
    """Return the settings of a stack of its own in ``home``: free ports, the jars shared with ``make up``."""
    kafka_port, controller_port = free_ports(2)
    return Settings(
        home=home, jars=jars_folder(), kafka=None, database=None, kafka_port=kafka_port, controller_port=controller_port
    )


def jars_folder() -> Path:
    """Return the folder of jars that all test runs of this checkout share."""
    return Path(os.environ.get("NEWSROOM_JARS") or TESTS.parent / ".newsroom" / "jars")


def free_ports(count: int) -> list[int]:
    """Find ports of the loopback interface that nobody listens on."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [probe.getsockname()[1] for probe in sockets]


@contextmanager
def guarded_folder() -> Iterator[Path]:
    """Make a temporary folder for homes; it is cleared of processes and removed even if this process is killed."""
    folder = Path(tempfile.mkdtemp(prefix="newsroom-test-"))
    guard = start_guard("support.stack", folder)
    try:
        yield folder
    finally:
        guard.communicate()


def start_guard(module: str, folder: Path) -> subprocess.Popen[bytes]:
    """Start a module of the tests as the guard of a folder; its work begins when its standard input is closed."""
    return subprocess.Popen(
        [sys.executable, "-m", module, str(folder)],
        env=os.environ | {"PYTHONPATH": str(TESTS)},
        stdin=subprocess.PIPE,
        start_new_session=True,
    )


@contextmanager
def running_broker() -> Iterator[str]:
    """Start a broker without a worker and return its bootstrap string."""
    with guarded_folder() as folder:
        settings = settings_for(folder / "home")
        stack.up(settings, Console(stderr=True), worker=False)
        yield settings.bootstrap


@contextmanager
def fresh_topics(bootstrap: str, prefix: str) -> Iterator[str]:
    """Create the newsroom's topics with a prefix, and delete them afterwards."""
    created = topics.ensure(Settings(kafka=bootstrap, topic_prefix=prefix))
    yield prefix
    with KafkaAdminClient(bootstrap_servers=bootstrap) as admin:
        admin.delete_topics(list(created), raise_errors=False)


def alter_topic(bootstrap: str, topic: str, setting: str, value: str) -> None:
    """Set a topic's setting to a value that we do not want, and wait until the cluster shows it."""
    settings = Settings(kafka=bootstrap, topic_prefix=topic.rpartition(".")[0])
    with KafkaAdminClient(bootstrap_servers=bootstrap) as admin:
        admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, configs={setting: value})])
    assert until(lambda: any(each.found == value for each in topics.differences(settings)), 10)


def guard(folder: Path) -> None:
    """Wait until the test run is over, then stop what runs in the homes of a folder and remove it."""
    sys.stdin.read()
    for pid_file in folder.rglob("supervisord.pid"):
        stack.down(Settings(home=pid_file.parent))
    for server in folder.glob("*/postgres"):
        postgres.drop(server.parent)  # its data may lie elsewhere
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    guard(Path(sys.argv[1]))
