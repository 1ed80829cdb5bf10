"""The loop on each database against a bare poll of the same topics, by turns, in processes and on servers of its own.

Run it as ``make bench``. It prints events per second, microseconds per event and step, and memory; the ratio is what
counts, since machines differ and drift.
"""

from __future__ import annotations

import argparse
import itertools
import json
import resource
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import Any

import stage
from rich.console import Console
from rich.table import Table

from newsroom_consumers import generations
from newsroom_consumers.cuts import Cut, end_of
from newsroom_consumers.folding import Folding
from newsroom_consumers.loop import Loop
from newsroom_consumers.store.generation import Generation
from newsroom_consumers.transport import KafkaLog
from newsroom_infra import wiring
from newsroom_infra.settings import Settings

DATABASES = ("sqlite", "postgres")
STEPS = ("_poll", "_read", "_fold", "_store", "_report")
"""The five calls of ``Loop.run_once``."""


def main() -> None:
    """Parse the command line, and run the whole benchmark or one of its parts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=60_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--batch", type=int, default=2_000)
    parser.add_argument("--database", choices=DATABASES, action="append", help="one of them only (default: both)")
    parser.add_argument("--part", choices=["poll", *DATABASES], help=argparse.SUPPRESS)
    parser.add_argument("--generation", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part:
        print(json.dumps(_part(options.part, options.generation, Settings())))
    else:
        _compare(options.events, options.rounds, options.batch, options.database or DATABASES)


def _compare(events: int, rounds: int, batch: int, databases: Sequence[str]) -> None:
    console = Console()
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    with stage.filled(events, databases, console, batch=batch) as settings:
        for number in range(rounds):
            for part in ("poll", *databases):
                result = stage.run(__file__, part, f"round{number}", settings, sqlite=part != "postgres")
                found[part].append(result)
    _print(console, found)


def _part(part: str, generation: str, settings: Settings) -> dict[str, Any]:
    with closing(wiring.log_of(settings)) as log:
        ends = end_of(log)
        result = stage.poll(log, ends) if part == "poll" else _loop(settings, generation, log, ends)
    return result | {"memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}


def _loop(settings: Settings, name: str, log: KafkaLog, ends: Cut) -> dict[str, Any]:
    """Drain the log into a generation, and time each step."""
    control = wiring.control(settings)
    control.register(name, generations.build(log.partitions), now=0)
    generation = Generation(control.database.writer(name), name)
    loop = Loop(log, generation, wiring.reader_of(log), Folding(), owner="benchmark")
    wiring.calm_collector()
    spent: dict[str, float] = dict.fromkeys(STEPS, 0.0)
    for step in STEPS:
        setattr(loop, step, _timed(getattr(loop, step), step, spent))
    total, seen, started = sum(ends.values()), 0, time.perf_counter()
    while seen < total:
        seen += loop.run_once().records
    return {"events": seen, "seconds": time.perf_counter() - started, "steps": spent}


def _timed(call: Callable[..., Any], step: str, spent: dict[str, float]) -> Callable[..., Any]:
    def timed(*arguments: Any) -> Any:
        started = time.perf_counter()
        try:
            return call(*arguments)
        finally:
            spent[step] += time.perf_counter() - started

    return timed


def _print(console: Console, found: dict[str, list[dict[str, Any]]]) -> None:
    speeds = {part: [each["events"] / each["seconds"] for each in results] for part, results in found.items()}
    table = Table("", "events/s (median)", "least", "most", "us per event", "memory, MB", box=None)
    for part, values in speeds.items():
        median = statistics.median(values)
        memory = max(each["memory"] for each in found[part]) / 1e6
        figures = (median, min(values), max(values), 1e6 / median, memory)
        table.add_row(_words(part), *(f"{figure:,.0f}" for figure in figures))
    console.print(table)
    for part in (each for each in found if each != "poll"):
        _print_steps(console, part, found[part])
    for part, other in itertools.combinations(reversed(speeds), 2):
        pairs = [fast / slow for fast, slow in zip(speeds[part], speeds[other], strict=True)]
        listed = ", ".join(f"{pair:.2f}" for pair in pairs)
        console.print(f"ratio {_words(part)} : {_words(other)}, by rounds: {listed}")


def _print_steps(console: Console, part: str, results: list[dict[str, Any]]) -> None:
    steps = {
        step.strip("_"): statistics.median(each["steps"][step] / each["events"] * 1e6 for each in results)
        for step in STEPS
    }
    figures = ", ".join(f"{step} {figure:.1f}" for step, figure in steps.items())
    console.print(f"{_words(part)}, us per event by step: {figures}")


def _words(part: str) -> str:
    return {"poll": "bare poll", "sqlite": "loop, SQLite", "postgres": "loop, PostgreSQL"}[part]


if __name__ == "__main__":
    main()
