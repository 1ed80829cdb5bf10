"""Start programs of the stack and wait until they are ready."""

from __future__ import annotations

from collections.abc import Callable

from newsroom_consumers.waiting import until
from newsroom_infra.stack.daemon import Daemon, tail
from newsroom_infra.stack.errors import StartError

SETTLE_SECONDS = 15.0
"""Maximum seconds until the process manager considers a program running."""


def start(daemon: Daemon, *names: str) -> None:
    """Start the programs that are not running, all at once, and wait until the process manager considers them running.

    Raises :class:`StartError` like :func:`wait`.
    """
    for name in names:
        state = daemon.process(name).state
        if state == "backoff":
            daemon.halt(name)
        if state not in {"running", "starting"}:
            daemon.launch(name)
    for name in names:
        _wait_running(daemon, name)


def wait(daemon: Daemon, name: str, ready: Callable[[], bool], seconds: float) -> None:
    """Wait until a program is ready. If it dies first or takes too long, stop it and raise :class:`StartError`."""
    first = daemon.process(name).pid

    def over() -> bool:
        process = daemon.process(name)
        return not process.alive or process.pid != first or ready()

    in_time = until(over, seconds)
    process = daemon.process(name)
    if in_time and process.alive and process.pid == first:
        return
    if process.alive or process.state == "backoff":
        daemon.halt(name)
    log = daemon.log_of(name)
    problem = "died while starting" if in_time else f"was not ready within {seconds:.0f} s"
    raise StartError(name, problem, log, tail(log))


def _wait_running(daemon: Daemon, name: str) -> None:
    wait(daemon, name, lambda: daemon.process(name).state == "running", SETTLE_SECONDS)
