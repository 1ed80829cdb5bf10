"""A worker of a build of ``bugs.py`` that comes to grief at a failpoint: ``python -m chaos.worker BUG [FAULT PLACE]``.

A fault is ``kill``, ``freeze`` (until SIGCONT) or ``fail`` (the database goes away); a place is ``name`` or ``name:n``.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import closing

from chaos.bugs import BUGS, Build

from newsroom_consumers.control.build import owner, this_build
from newsroom_consumers.control.control import FIRST
from newsroom_consumers.database.database import DatabaseAwayError
from newsroom_consumers.store.steps import Step, StepObserver, ignore
from newsroom_infra import logs
from newsroom_infra.app import build
from newsroom_infra.app.log import kafka_log, record_reader
from newsroom_infra.cli.shared.interrupt import told_to_stop
from newsroom_infra.settings import load


def main(bug: str, fault: str = "", place: str = "") -> None:
    """Move the first generation until told to stop."""
    settings = load()
    logs.configure(settings.log_level)
    control, observer = build.control(settings), _fault_at(fault, place) if fault else ignore
    with control.database.worker_lock(FIRST), closing(kafka_log(settings)) as log:
        control.register(FIRST, this_build(log.partitions), now=0)
        session = control.database.session(FIRST)
        bugged: Build = BUGS[bug]
        generation = bugged.generation(session, observer=observer)
        loop = bugged.loop(log, generation, record_reader(log), bugged.folding(), owner=owner(), observer=observer)
        loop.run(told_to_stop())


def _fault_at(fault: str, place: str) -> StepObserver:
    """Return an observer that makes the fault happen once."""
    name, _, count = place.partition(":")
    left = iter(range(int(count or "1") - 1, -1, -1))

    def happen(step: Step) -> None:
        if step == name and next(left, None) == 0:
            _happen(fault)

    return happen


def _happen(fault: str) -> None:
    match fault:
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "freeze":
            os.kill(os.getpid(), signal.SIGSTOP)
        case "fail":
            raise DatabaseAwayError(FIRST, "planted")


if __name__ == "__main__":
    main(*sys.argv[1:])
