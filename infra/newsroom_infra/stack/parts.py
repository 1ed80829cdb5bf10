"""The programs of a stack, derived from its settings, and the plan that the process manager runs them by."""

from __future__ import annotations

import os
import sys

from newsroom_infra import topics
from newsroom_infra.settings import Settings
from newsroom_infra.stack import broker, postgres
from newsroom_infra.stack.daemon import ProcessPlan
from newsroom_infra.stack.errors import WorkersError

WORKER = "worker"
_WORKER_OPTIONS = {
    "command": '"%(ENV_NEWSROOM_PYTHON)s" -P -m newsroom_infra worker',
    "priority": "2",
    "startsecs": "2",
    "startretries": "1000",  # it may have to wait until another process releases the generation
}


def servers(settings: Settings) -> dict[str, int]:
    """Return the servers that the stack runs, each with its port, in the order in which they start."""
    kafka = {"kafka": settings.kafka_port} if settings.kafka is None else {}
    return kafka | ({"postgres": settings.postgres_port} if settings.local_postgres else {})


def workers(settings: Settings) -> list[str]:
    """Return the names of the workers: one on SQLite; on PostgreSQL one per core, but no more than partitions.

    Raises :class:`WorkersError`.
    """
    if not settings.many_workers:
        if settings.workers not in {None, 1}:
            raise WorkersError(settings.workers or 0)
        return [WORKER]
    useful = min(len(os.sched_getaffinity(0)), sum(topics.wanted(settings).values()))
    return [f"{WORKER}-{number + 1}" for number in range(settings.workers or useful)]


def ports(settings: Settings, server: str) -> dict[str, int]:
    """Return the ports that a server listens on, by the variable that sets each."""
    return broker.ports(settings) if server == "kafka" else postgres.ports(settings)


def plan(settings: Settings) -> ProcessPlan:
    """Return what the process manager is to run. Raises :class:`WorkersError` and ``NoPostgresError``."""
    options = dict.fromkeys(workers(settings), _WORKER_OPTIONS)
    variables = settings.variables() | {"NEWSROOM_PYTHON": sys.executable}
    if settings.kafka is None:
        options["kafka"] = broker.options(settings)
        variables |= broker.environment(settings.jars_folder.resolve())
    if settings.local_postgres:
        options["postgres"] = postgres.options(settings)
        variables |= postgres.environment(settings.home.resolve())
    return ProcessPlan(programs=options, environment=variables)
