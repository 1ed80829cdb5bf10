"""The loop against a bare poll of the same topics, by turns, in processes of their own, on a broker of this run's own.

Run it as ``make bench``. It prints events per second, microseconds per event and step, and memory; the ratio is what
counts, since machines differ and drift.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import mix
from rich.console import Console
from rich.table import Table

from newsroom_consumers import generations
from newsroom_consumers.folding import Folding
from newsroom_consumers.loop import Loop
from newsroom_consumers.reads import RecordReader
from newsroom_consumers.store.generation import Generation
from newsroom_consumers.transport import KafkaLog, placement
from newsroom_infra import stack, wiring
from newsroom_infra.settings import Settings
from newsroom_producers.transport import KafkaTransport, Topics

STEPS = ("_poll", "_read", "_fold", "_store", "_report")
"""The five calls of ``Loop.run_once``."""


def main() -> None:
    """Parse the command line, and run the whole benchmark or one of its parts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=60_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--batch", type=int, default=2_000)
    parser.add_argument("--part", choices=["poll", "loop"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part:
        print(json.dumps(_part(options.part, Settings())))
    else:
        _compare(options.events, options.rounds, options.batch)


def _compare(events: int, rounds: int, batch: int) -> None:
    console = Console()
    with tempfile.TemporaryDirectory(prefix="newsroom-bench-") as home:
        ports: dict[str, Any] = {"kafka_port": 26092, "controller_port": 26093}
        settings = Settings(home=Path(home), jars=Settings().jars_folder, kafka=None, batch=batch, **ports)
        stack.up(settings, console, worker=False)
        try:
            _fill(settings, events, console)
            found: dict[str, list[dict[str, Any]]] = defaultdict(list)
            for _ in range(rounds):
                for part in ("poll", "loop"):
                    found[part].append(_run(part, settings))
        finally:
            stack.down(settings)
    _print(console, found)


def _fill(settings: Settings, events: int, console: Console) -> None:
    topics = Topics(settings.articles_topic, settings.tags_topic)
    started = time.perf_counter()
    with KafkaTransport(settings.bootstrap, topics, wiring.codec()) as transport:
        sent = sum(1 for _ in transport.send_all(mix.events(events)))
    seconds = time.perf_counter() - started
    console.print(f"sent {sent:,} events in {seconds:.1f} s ({sent / seconds:,.0f} per second)")


def _run(part: str, settings: Settings) -> dict[str, Any]:
    """Run one part in a process of its own, into a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="newsroom-bench-") as folder:
        environment = settings.variables() | {"NEWSROOM_DATABASE": folder}
        command = [sys.executable, __file__, "--part", part]
        done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE)  # noqa: S603 - ourselves
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def _part(part: str, settings: Settings) -> dict[str, Any]:
    with closing(wiring.log_of(settings)) as log:
        ends = {at: bounds.end for at, bounds in log.bounds(log.assigned()).items()}
        result = (_poll if part == "poll" else _loop)(settings, log, ends)
    return result | {"memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}


def _poll(_: Settings, log: KafkaLog, ends: generations.Positions) -> dict[str, Any]:
    """Poll the client and do nothing with what it gives."""
    for at in ends:
        log.seek(at, 0)
    consumer = log._consumer  # noqa: SLF001 - the bare client is what is measured
    total, seen, started = sum(ends.values()), 0, time.perf_counter()
    while seen < total:
        seen += sum(len(records) for records in (consumer.poll(0) or consumer.poll(500)).values())
    return {"events": seen, "seconds": time.perf_counter() - started}


def _loop(settings: Settings, log: KafkaLog, ends: generations.Positions) -> dict[str, Any]:
    """Drain the log into a generation, and time each step."""
    control = wiring.control(settings)
    control.register("main", generations.build(log.partitions), now=0)
    reader = RecordReader(wiring.codec(), tags_topic=settings.tags_topic, place=placement(log.partitions))
    generation = Generation(control.database.writer("main"), "main")
    loop = Loop(log, generation, reader, Folding(), owner="benchmark")
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
        table.add_row({"poll": "bare poll", "loop": "this loop"}[part], *(f"{figure:,.0f}" for figure in figures))
    console.print(table)
    pairs = [loop / poll for loop, poll in zip(speeds["loop"], speeds["poll"], strict=True)]
    console.print(f"ratio loop : bare poll, by rounds: {', '.join(f'{pair:.2f}' for pair in pairs)}")
    steps = {
        step.strip("_"): statistics.median(each["steps"][step] / each["events"] * 1e6 for each in found["loop"])
        for step in STEPS
    }
    console.print("us per event by step: " + ", ".join(f"{step} {figure:.1f}" for step, figure in steps.items()))


if __name__ == "__main__":
    main()
