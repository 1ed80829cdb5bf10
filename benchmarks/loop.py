"""The loop against a bare poll, a naive consumer and quixstreams, on one stream and by turns.

Run it as ``make bench``. Every part runs in a process of its own, into tables of its own, once in each round. The
ratios are what counts, since machines differ and drift; each is taken within a round. What folds the same is compared.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import naive
import ours
import report
import stage
from rich.console import Console

from newsroom_consumers.log.cut import Cut, end_of
from newsroom_infra.app.log import kafka_log
from newsroom_infra.settings import Settings, load
from newsroom_schemas.topics import ARTICLES

HERE = Path(__file__).parent
QUIX = HERE / ".venv-quixstreams" / "bin" / "python"
"""What runs ``quix.py``; `make bench` makes it."""


class Part(NamedTuple):
    """One of the consumers that are compared."""

    words: str
    sqlite: bool
    workers: int = 0
    """Workers of ours; 0 is none of ours."""


PARTS = {
    "poll": Part("bare kafka-python poll", sqlite=True),
    "naive": Part("naive consumer, SQLite", sqlite=True),
    "naive-postgres": Part("naive consumer, PostgreSQL", sqlite=False),
    "sqlite": Part("1 worker, SQLite", sqlite=True, workers=1),
    "postgres": Part("1 worker, PostgreSQL", sqlite=False, workers=1),
    "postgres2": Part("2 workers, PostgreSQL", sqlite=False, workers=2),
    "quix": Part("quixstreams, SQLite", sqlite=True),
    "quix-postgres": Part("quixstreams, PostgreSQL", sqlite=False),
}
RATIOS = {
    ("sqlite", "poll"): 0.25,
    ("sqlite", "naive"): 15,
    ("postgres", "poll"): 0.22,
    ("postgres2", "postgres"): 1.5,
    ("postgres2", "poll"): None,
    ("postgres2", "naive-postgres"): 30,
    ("postgres2", "quix"): 1.3,
    ("postgres2", "quix-postgres"): None,
    ("sqlite", "quix"): None,
}
"""What is set against what, and the ratio that is wanted at least."""

Found = Mapping[str, list[dict[str, Any]]]


def main() -> None:
    """Parse the command line, and run the whole benchmark or one of its parts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=60_000)
    parser.add_argument("--naive", type=int, default=3_000, help="events for the naive consumer (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--batch", type=int, default=2_000)
    parser.add_argument("--only", choices=PARTS, action="append", help="one of the parts only (default: all)")
    parser.add_argument("--report", type=Path, help="also write the figures into this page")
    parser.add_argument("--part", choices=[*PARTS, "reference"], help=argparse.SUPPRESS)
    parser.add_argument("--generation", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part:
        print(json.dumps(_part(options.part, options.generation, load(), options.naive)))
    else:
        _compare(options)


def _compare(options: argparse.Namespace) -> None:
    console, parts = Console(), options.only or list(PARTS)
    if not QUIX.exists() and any(part.startswith("quix") for part in parts):
        raise SystemExit(f"there is no {QUIX}: `make bench` makes it; --only leaves parts out")
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    with stage.filled(options.events, ["sqlite", "postgres"], console, batch=options.batch) as settings:
        machine = report.Machine(settings)
        for number in range(options.rounds):
            for part in parts:
                console.print(f"round {number + 1}: {PARTS[part].words}")
                found[part].append(_run(part, f"{part}-{number}", settings, options))
        if any(part.startswith("naive") for part in parts):
            found["reference"].append(_run("reference", "reference", settings, options))
    text = "\n\n".join([*_tables(found), _same(found), machine.words(quixstreams=_locked("quixstreams"))])
    report.give(console, "bench", text, options.report)


def _run(part: str, name: str, settings: Settings, options: argparse.Namespace) -> dict[str, Any]:
    """Run a part in a process of its own."""
    sqlite = part == "reference" or PARTS[part].sqlite
    if not part.startswith("quix"):
        return stage.run(__file__, part, name, settings, sqlite=sqlite, more=["--naive", str(options.naive)])
    with stage.placed(settings, sqlite=sqlite) as own:
        orders = {
            "bootstrap": own.bootstrap,
            "topic": own.topics.articles,
            "group": name,
            "batch": options.batch,
            "events": options.events,
            "database": own.database_place,
        }
        command, given = [str(QUIX), str(HERE / "quix.py")], json.dumps(orders).encode()
        done = subprocess.run(command, input=given, stdout=subprocess.PIPE, check=True)  # noqa: S603 - ourselves
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def _part(part: str, name: str, settings: Settings, naive_events: int) -> dict[str, Any]:
    with closing(kafka_log(settings)) as log:
        ends = end_of(log)
        if part == "poll":
            return stage.poll(log, ends)
    if part == "reference":
        return ours.fold(settings, name, _beginning(ends, naive_events), 1)
    if part.startswith("naive"):
        return naive.drain(settings, _beginning(ends, naive_events))
    return ours.fold(settings, name, ends, PARTS[part].workers)


def _beginning(ends: Cut, events: int) -> Cut:
    """Return a cut that holds about so many events, as many of each partition."""
    filled = [at for at in ends if at.topic.rpartition(".")[2] == ARTICLES]
    return {at: min(end, events // len(filled)) for at, end in ends.items()}


def _tables(found: Found) -> Iterable[str]:
    """Write what was found, ratios within rounds, and the loop's time by its steps."""
    speeds = {part: [each["events"] / each["seconds"] for each in results] for part, results in found.items()}
    rows = [
        [PARTS[part].words, f"{found[part][0]['events']:,}", report.spread(speeds[part]), _micros(found[part])]
        for part in PARTS
        if part in found
    ]
    yield report.table(["", "events", "events/s, median of the rounds (least to most)", "us per event"], rows)
    yield report.table(["ratio", "median (least to most)", "wanted"], [*_ratios(speeds)])
    measured = [part for part in PARTS if part in found and PARTS[part].workers]
    if measured:
        steps = [[words, *(_step(found[part], step) for part in measured)] for step, words in ours.STEPS.items()]
        memory = ["memory of a process, MB", *(_memory(found[part]) for part in measured)]
        head = ["us per event, median; of 2 workers the sum", *(PARTS[part].words for part in measured)]
        yield report.table(head, [*steps, memory])


def _ratios(speeds: Mapping[str, list[float]]) -> Iterable[list[str]]:
    for (fast, slow), wanted in RATIOS.items():
        if fast in speeds and slow in speeds:
            pairs = [one / other for one, other in zip(speeds[fast], speeds[slow], strict=True)]
            words = f"{PARTS[fast].words} : {PARTS[slow].words}"
            yield [words, report.spread(pairs, ".2f"), "" if wanted is None else f">= {wanted:g}"]


def _micros(results: list[dict[str, Any]]) -> str:
    return f"{statistics.median(each['seconds'] / each['events'] * 1e6 for each in results):,.1f}"


def _step(results: list[dict[str, Any]], step: str) -> str:
    return f"{statistics.median(each['steps'][step] / each['events'] * 1e6 for each in results):,.1f}"


def _memory(results: list[dict[str, Any]]) -> str:
    return f"{max(each['memory'] for each in results) / 1e6:,.0f}"


def _same(found: Found) -> str:
    """Print what was compared. Exit where two that fold the same have not made the same."""
    whole = [each for part in found if part in PARTS and PARTS[part].workers for each in found[part]]
    tables = {each["digest"] for each in whole}
    editions = {each["editions"] for each in [*whole, *found.get("quix", []), *found.get("quix-postgres", [])]}
    plain = [*found.get("naive", []), *found.get("naive-postgres", []), *found.get("reference", [])]
    beginnings = {each["editions"] for each in plain}
    if max(map(len, (tables, editions, beginnings))) > 1:
        raise SystemExit(f"not all have made the same: {tables=} {editions=} {beginnings=}")
    listed = [
        "all tables of our generations" if tables else "",
        "the editions of all that read the whole stream" if editions else "",
        "the editions of the naive consumers and of ours after as many events" if beginnings else "",
    ]
    return f"Compared by SHA-256, in every round, and equal: {'; '.join(filter(None, listed)) or 'nothing'}."


def _locked(package: str) -> str:
    """Return the version of a package that quixstreams' environment has."""
    lines = (HERE / "quixstreams.lock").read_text("utf-8").splitlines()
    return next(line.split("==")[1].split()[0] for line in lines if line.startswith(f"{package}=="))


if __name__ == "__main__":
    main()
