"""One run of chaos: writers, a storm of faults, then peace, and the checker's word on what is left."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from random import Random
from typing import NamedTuple

import msgspec
from chaos import collecting
from chaos.beliefs import Beliefs
from chaos.checker import check
from chaos.elsewhere import library
from chaos.evidence import Finding
from chaos.history import History
from chaos.onlooker import Onlooker, look_at
from chaos.promotions import Promotions
from chaos.schedule import Blow, blows
from chaos.snapshots import Snapshots
from chaos.stage import Broker, keep_broker_log, opened
from chaos.storm import Cast, Storm
from chaos.team import Team
from chaos.writers import Clock, Writer, writing
from rich.console import Console

from newsroom_consumers.control.control import Control
from newsroom_consumers.database import open_database
from newsroom_consumers.store.tables import EVENT

WRITERS = ("olena", "petro", "maria")


class Run(NamedTuple):
    """Which run it was, and how long it took, in seconds."""

    seed: int
    database: str
    seconds: float


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What a run has seen."""

    of: Run
    words: Mapping[str, int]
    """Sends by what was said of them."""
    records: int
    outcomes: Mapping[str, int]
    """Event rows of the live generation by their outcomes."""
    faults: Mapping[str, int]
    recoveries: Mapping[str, Sequence[float]]
    """Seconds until all that was acknowledged at the time of healing was folded."""
    promotions: Sequence[float]
    replays_killed: int
    generations: int
    """Those that were left at the end."""
    snapshots: int
    """What was judged besides: generations that were dropped, and the live one in the middle of the storm."""
    looks: int
    """How often the onlooker has seen what was live."""
    skipped: Sequence[str]
    findings: Sequence[Finding]


class Watch(NamedTuple):
    """Who looks while the storm rages."""

    onlooker: Onlooker
    snapshots: Snapshots


def run(broker: Broker, database: str, *, seed: int, seconds: float, folder: Path, console: Console) -> Report:
    """Break things for some seconds, heal them, and check; the folder keeps the evidence."""
    begun = time.monotonic()
    with opened(broker, database, seconds) as stage, closing(History(folder / "history.jsonl")) as history:
        snapshots = Snapshots(open_database(stage.newsroom.place), folder, seconds, console)
        team, promotions = Team(stage.newsroom, folder, stage.workers), Promotions(stage, snapshots, folder, seed)
        cast = Cast(stage, team, promotions, history, Beliefs(), Clock())
        storm = Storm(cast, seed, folder)
        control = Control(open_database(stage.newsroom.place))
        onlooker = Onlooker(partial(look_at, control), lambda: storm.crashes)
        with closing(promotions), team.working(), onlooker.looking():
            writers = _writers(cast, seed)
            with writing(writers), snapshots.passing():
                _rage(storm, blows(seed, database), begun + seconds, console)
                promotions.finish()
            storm.findings += [Finding("died", "writer", each.died) for each in writers if each.died]
            storm.drain()
            team.end()
        return _judge(cast, storm, Watch(onlooker, snapshots), folder, Run(seed, database, time.monotonic() - begun))


def _writers(cast: Cast, seed: int) -> list[Writer]:
    newsroom, history, beliefs = cast.stage.newsroom, cast.history, cast.beliefs
    dice = {name: Random(f"{seed}-{name}") for name in WRITERS}  # noqa: S311 - reproducible, not secret
    return [
        Writer(newsroom, history, beliefs, random=random, name=name, clock=cast.clock) for name, random in dice.items()
    ]


def _rage(storm: Storm, schedule: Iterator[Blow], end: float, console: Console) -> None:
    for blow in schedule:
        if time.monotonic() > end:
            break
        if struck := storm.strike(blow):
            console.print(f"{end - time.monotonic():5.0f} s left: {' + '.join(struck)}")


def _left_out(database: str) -> set[str]:
    """Return which faults are left out or stood in for, and why."""
    left_out = set()
    if library() is None:
        left_out.add("wrong clock: that of desks, not that of a machine, since libfaketime is not there")
    if database == "postgres":
        left_out.add("full disk: left out, since PostgreSQL keeps its log there too")
    return left_out


def _judge(cast: Cast, storm: Storm, watch: Watch, folder: Path, of: Run) -> Report:
    stage, promotions, snapshots = cast.stage, cast.promotions, watch.snapshots
    before, outcomes = len(snapshots), Counter[str]()
    for known in Control(stage.newsroom.database).all():
        held = snapshots.keep(known.name, live=known.live)
        if known.live:
            outcomes.update(row["outcome"] for row in held.rows(EVENT))
    records = collecting.log_of(stage.newsroom)
    (folder / "log.json").write_bytes(msgspec.json.encode(records))
    died = [Finding("died", "worker", each) for each in cast.team.died]
    seen = [*storm.findings, *promotions.findings, *died, *watch.onlooker.findings, *snapshots.findings]
    findings = [*seen, *check(cast.history.entries, records, snapshots)]
    if findings:
        keep_broker_log(stage.broker, folder)
    return Report(
        of=of,
        words=Counter(entry.word for entry in cast.history.entries),
        records=len(records),
        outcomes=outcomes,
        faults=storm.faults,
        recoveries=storm.recoveries,
        promotions=promotions.seconds,
        replays_killed=promotions.killed,
        generations=len(snapshots) - before,
        snapshots=before,
        looks=watch.onlooker.looks,
        skipped=sorted(storm.skipped | _left_out(of.database)),
        findings=findings,
    )
