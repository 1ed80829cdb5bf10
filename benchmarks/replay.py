"""A cold replay on each database against the live loop and a bare poll of the same topics, by turns.

Run it as ``make bench-replay``. It prints events per second, their ratio to the bare poll in the same round, and the
memory of the largest process early and at the end of the log: it shall not grow with the log.
"""

from __future__ import annotations

import argparse
import json
import threading
import time
from collections import defaultdict
from contextlib import closing
from pathlib import Path
from typing import Any

import psutil
import report
import stage
from rich.console import Console

from newsroom_consumers.control.build import this_build
from newsroom_consumers.fold.batch import BatchFold
from newsroom_consumers.log.cut import end_of
from newsroom_consumers.store.generation import Generation
from newsroom_consumers.worker.loop import Loop
from newsroom_consumers.worker.replay import begin
from newsroom_infra.app import build, replay
from newsroom_infra.app.log import kafka_log, log_or_archive, record_reader
from newsroom_infra.app.worker import tune_collector
from newsroom_infra.settings import Settings, load

EARLY = 60_000
"""Events after which memory is measured for the first time."""
PARTS = {
    "poll": "bare poll",
    "live": "live loop, SQLite",
    "sqlite": "replay, SQLite, 1 worker",
    "postgres": "replay, PostgreSQL, 1 worker",
    "postgres2": "replay, PostgreSQL, 2 workers",
}


def main() -> None:
    """Parse the command line, and run the whole benchmark or one of its parts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=240_000)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--report", type=Path, help="also write the figures into this page")
    parser.add_argument("--part", choices=PARTS, help=argparse.SUPPRESS)
    parser.add_argument("--generation", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part:
        print(json.dumps(_part(options.part, options.generation, load())))
    else:
        _compare(options.events, options.rounds, options.report)


def _compare(events: int, rounds: int, page: Path | None) -> None:
    console = Console()
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    with stage.filled(events, ["postgres"], console) as settings:
        machine = report.Machine(settings)
        for number in range(rounds):
            for part in PARTS:
                name = f"{part}-{number}"
                found[part].append(stage.run(__file__, part, name, settings, sqlite="postgres" not in part))
    text = f"{_table(found)}\n\nA log of {events:,} events. {machine.words()}"
    report.give(console, "bench-replay", text, page)


def _part(part: str, name: str, settings: Settings) -> dict[str, Any]:
    memory = _Memory()
    if part == "poll":
        with closing(kafka_log(settings)) as log:
            result = stage.poll(log, end_of(log))
    elif part == "live":
        result = _live(settings, name, memory)
    else:
        result = _replay(settings, name, 2 if part == "postgres2" else 1, memory)
    return result | {"early": memory.early, "late": memory.now()}


def _live(settings: Settings, name: str, memory: _Memory) -> dict[str, Any]:
    """Drain the log as a worker does that is started late."""
    with closing(kafka_log(settings)) as log:
        total = sum(end_of(log).values())
        control = build.control(settings)
        control.register(name, this_build(log.partitions), now=0)
        generation = Generation(control.database.session(name))
        loop = Loop(log, generation, record_reader(log), BatchFold(), owner="benchmark")
        tune_collector()
        started = time.perf_counter()
        while memory.events < total:
            memory(loop.run_once().records)
        return {"events": total, "seconds": time.perf_counter() - started}


def _replay(settings: Settings, name: str, workers: int, memory: _Memory) -> dict[str, Any]:
    """Replay from the first record on, the start of all processes included."""
    started = time.perf_counter()
    with log_or_archive(settings, None) as log:
        cut = end_of(log)
        total = begin(build.control(settings), name, log, cut)
    replay.run(settings, name, None, cut, workers=workers, stopping=threading.Event(), progress=memory)
    return {"events": total, "seconds": time.perf_counter() - started}


class _Memory:
    """Counts events, and remembers the memory of the largest of this process and its children at the first of them."""

    def __init__(self) -> None:
        self.events = 0
        self.early: float | None = None
        self._late = 0.0

    def __call__(self, more: int) -> None:
        """Count some more events."""
        self.events += more
        self._late = _resident()
        if self.events >= EARLY and self.early is None:
            self.early = self._late

    def now(self) -> float:
        """Return the memory as of the last event, in bytes."""
        return self._late


def _resident() -> float:
    own = psutil.Process()
    return float(max(each.memory_info().rss for each in (own, *own.children())))


def _table(found: dict[str, list[dict[str, Any]]]) -> str:
    polls = [each["events"] / each["seconds"] for each in found["poll"]]
    rows = []
    for part, results in found.items():
        speeds = [each["events"] / each["seconds"] for each in results]
        ratios = [speed / poll for speed, poll in zip(speeds, polls, strict=True)]
        early, late = (max(each[moment] or 0 for each in results) / 1e6 for moment in ("early", "late"))
        memory = ("", "") if part == "poll" else (f"{early:,.0f}", f"{late:,.0f}")
        rows.append([PARTS[part], report.spread(speeds), report.spread(ratios, ".2f"), *memory])
    return report.table(["", "events/s", "of the bare poll", f"MB at {EARLY:,}", "MB at the end"], rows)


if __name__ == "__main__":
    main()
