"""The loop as it is measured: one worker, or two processes that share the partitions out, each step timed."""

from __future__ import annotations

import multiprocessing
import resource
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Any

import msgspec
from plain import hash_of
from sqlalchemy import Connection, select

from newsroom_consumers.control.build import this_build
from newsroom_consumers.fold.batch import BatchFold
from newsroom_consumers.log.cut import Cut
from newsroom_consumers.log.record import Partition
from newsroom_consumers.store.digests import digest_of, digests
from newsroom_consumers.store.generation import Generation
from newsroom_consumers.store.tables import EDITION
from newsroom_consumers.worker.loop import Loop
from newsroom_infra.app import build, replay
from newsroom_infra.app.log import kafka_log, record_reader
from newsroom_infra.app.worker import tune_collector
from newsroom_infra.settings import Settings

STEPS = {
    "poll": "poll",
    "read": "read: decode, hash",
    "load": "load states",
    "fold": "fold, with the rows of pages",
    "rows": "make rows of states and events",
    "write": "write rows and cursors",
    "commit": "begin and commit",
    "seal": "chain, sort",
    "report": "report",
}
"""What a batch consists of, in its order, in words."""
_WAIT_SECONDS = 1800.0


def fold(settings: Settings, name: str, cut: Cut, workers: int) -> dict[str, Any]:
    """Fold the log into a new generation up to a cut, and return how long each step took and what it made.

    Time counts from the first poll of any worker to the end of the last; nothing is connected or made meanwhile.
    """
    control = build.control(settings)
    with closing(kafka_log(settings)) as log:
        control.register(name, this_build(log.partitions), now=0)
    results = [_drain(settings, name, cut)] if workers == 1 else _together(settings, name, cut, workers)
    with control.database.auditing(name) as connection:
        made = {"digest": digest_of(digests(connection)), "editions": editions(connection)}
    return made | {
        "events": sum(each["events"] for each in results),
        "seconds": max(each["ended"] for each in results) - min(each["started"] for each in results),
        "steps": {step: sum(each["steps"][step] for each in results) for step in STEPS},
        "memory": max(each["memory"] for each in results),
    }


def editions(connection: Connection) -> str:
    """Return the hash of what a plain consumer has of our editions, too."""
    columns = EDITION.c
    names = (columns.article_id, columns.language, columns.version, columns.content, columns.status)
    rows = connection.execute(select(*names, columns.published_version)).all()
    headline = msgspec.json.Decoder(dict[str, Any]).decode
    return hash_of((*row[:3], headline(row.content)["headline"], *row[4:]) for row in rows)


def _together(settings: Settings, name: str, cut: Cut, workers: int) -> list[dict[str, Any]]:
    """Have a process fold each share of the partitions; all begin at the same moment."""
    Generation(build.control(settings).database.session(name))
    context = multiprocessing.get_context("spawn")
    barrier, results = context.Barrier(workers), context.Queue()
    shares = replay.share_out(cut, {}, workers)
    processes = [context.Process(target=_child, args=(settings, name, share, barrier, results)) for share in shares]
    for process in processes:
        process.start()
    found = [results.get(timeout=_WAIT_SECONDS) for _ in processes]
    for process in processes:
        process.join()
    return found


def _child(settings: Settings, name: str, share: Mapping[Partition, int], barrier: Any, results: Any) -> None:
    results.put(_drain(settings, name, share, lambda: barrier.wait(_WAIT_SECONDS)))


def _drain(settings: Settings, name: str, cut: Cut, begin: Callable[[], object] = lambda: None) -> dict[str, Any]:
    """Fold some partitions as a worker does that is started late."""
    with closing(kafka_log(settings)) as log:
        generation = Generation(build.control(settings).database.session(name))
        cached = settings.cached_articles
        loop = Loop(log, generation, record_reader(log), BatchFold(), owner="benchmark", cached=cached, cut=cut)
        tune_collector()
        profile = Profile(loop, generation)
        begin()
        total, seen, started = sum(cut.values()), 0, time.monotonic()
        while seen < total:
            seen += loop.run_once().records
        ended = time.monotonic()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {"events": seen, "started": started, "ended": ended, "steps": profile.steps(), "memory": memory}


class Profile:
    """Measures how long the steps of a loop take; it reads its clock some twenty times for each batch."""

    def __init__(self, loop: Loop, generation: Generation) -> None:
        """Put a clock around the steps."""
        self._spent: defaultdict[str, float] = defaultdict(float)
        for step in ("_poll", "_read", "_fold", "_store", "_report"):
            self._time(loop, step)
        for call in ("load", "commit"):
            self._time(generation, call)
        for call in ("insert", "upsert", "delete_editions"):
            self._time(generation._rows, call, "write")  # noqa: SLF001 - that is what is measured
        steps, move = generation.steps, self._timed(generation._move_cursors, "write")  # noqa: SLF001 - as above
        others = [self._timed(step, "steps") for step in (move, *steps()[1:])]
        generation.steps = lambda: tuple(others)  # type: ignore[method-assign]

    def steps(self) -> dict[str, float]:
        """Return the seconds of each of ``STEPS``."""
        spent = self._spent
        return {
            "poll": spent["_poll"],
            "read": spent["_read"],
            "load": spent["load"],
            "fold": spent["_fold"] - spent["load"],
            "rows": spent["steps"] - spent["write"],
            "write": spent["write"],
            "commit": spent["commit"] - spent["steps"],
            "seal": spent["_store"] - spent["commit"],
            "report": spent["_report"],
        }

    def _time(self, thing: Any, call: str, name: str | None = None) -> None:
        setattr(thing, call, self._timed(getattr(thing, call), name or call))

    def _timed(self, call: Callable[..., Any], name: str) -> Callable[..., Any]:
        def timed(*arguments: Any) -> Any:
            started = time.perf_counter()
            try:
                return call(*arguments)
            finally:
                self._spent[name] += time.perf_counter() - started

        return timed
