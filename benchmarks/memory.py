"""The memory of a worker with many cached articles over a long stream, and whether it grows.

Run it as ``make bench-memory``. So many articles are worked on at once as are cached, so that the cache is full all the
time. A real `newsroom worker` catches up with the stream; its resident memory is read at equal distances.
"""

from __future__ import annotations

import argparse
import subprocess
import time
from pathlib import Path

import latency
import mix
import psutil
import report
import stage
from rich.console import Console

from newsroom_consumers.generations.open import folded_cut
from newsroom_infra.app import build
from newsroom_infra.settings import Settings

LOOK_SECONDS = 0.2
"""How often to look how far the worker is."""


def main() -> None:
    """Parse the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=480_000)
    parser.add_argument("--cached", type=int, default=20_000, help="articles (default: %(default)s)")
    parser.add_argument("--points", type=int, default=12, help="how often memory is noted (default: %(default)s)")
    parser.add_argument("--database", choices=latency.DATABASES, action="append", help="one only (default: both)")
    parser.add_argument("--report", type=Path, help="also write the figures into this page")
    options = parser.parse_args()
    console, columns = Console(), []
    databases = options.database or list(latency.DATABASES)
    for database in databases:
        with stage.started([database], console, cached_articles=options.cached) as settings:
            machine = report.Machine(settings)
            stage.fill(settings, mix.events(options.events, active=options.cached), console)
            columns.append(_noted(settings, options.events, options.points, console))
    named = [latency.DATABASES[database] for database in databases]
    steps = [f"{options.events * (point + 1) // options.points:,}" for point in range(options.points)]
    rows = [[step, *(f"{column[at] / 1e6:,.0f}" for column in columns)] for at, step in enumerate(steps)]
    growth = ", ".join(f"{name} {_growth(column):+.1f} MB" for name, column in zip(named, columns, strict=True))
    head = ["events folded", *(f"resident on {name}, MB" for name in named)]
    words = f"From the middle of the stream to its end: {growth}. {machine.words()}"
    report.give(console, "bench-memory", f"{report.table(head, rows)}\n\n{words}", options.report)


def _growth(column: list[int]) -> float:
    """Return the growth from the middle of the stream to its end, in MB."""
    return (column[-1] - column[len(column) // 2 - 1]) / 1e6


def _noted(settings: Settings, events: int, points: int, console: Console) -> list[int]:
    """Run a worker, and note its memory each time it has folded another part of the stream."""
    noted: list[int] = []
    with latency.working(settings) as worker:
        control, process = build.control(settings), psutil.Process(worker.pid)
        while len(noted) < points:
            folded = sum(folded_cut(control).values())
            while len(noted) < points and folded >= events * (len(noted) + 1) // points:
                noted.append(process.memory_info().rss)
                console.print(f"{folded:,} events folded: {noted[-1] / 1e6:,.0f} MB")
            _live(worker)
            time.sleep(LOOK_SECONDS)
    return noted


def _live(worker: subprocess.Popen[bytes]) -> None:
    if worker.poll() is not None:
        raise SystemExit("the worker has ended")


if __name__ == "__main__":
    main()
