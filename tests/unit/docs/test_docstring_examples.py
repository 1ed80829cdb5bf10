"""The examples in docstrings run, every line of them, in a newsroom that has what they name."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from contextlib import ExitStack, nullcontext
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import MetaData
from support.docstring_examples import BROKER, Example, examples
from support.fold_model import MINUTE, NOON, created, edited, published
from support.kit import CODEC, SITE
from support.memory_log import MemoryLog
from support.parking import Wishes
from support.record_strategies import PARTITIONS
from support.writing import READER, records_of

from newsroom_consumers.archive.export import export
from newsroom_consumers.audit.asof import AsOfProgress
from newsroom_consumers.compare.rows import differences
from newsroom_consumers.control.control import Control
from newsroom_consumers.database import open_database
from newsroom_consumers.fold.batch import BatchFold
from newsroom_consumers.generations.open import reader_queries
from newsroom_consumers.log.cut import cut_at, end_of
from newsroom_consumers.log.record import Partition, Record
from newsroom_consumers.projections.columns import text
from newsroom_consumers.projections.published import PUBLISHED
from newsroom_consumers.queries.answers import ParkedArticle
from newsroom_consumers.seals.check import SealCheck
from newsroom_consumers.seals.generation import seal_of
from newsroom_consumers.seals.seal import read_seals
from newsroom_consumers.store import cursors
from newsroom_consumers.store.generation import Generation
from newsroom_consumers.worker.follow import follow
from newsroom_consumers.worker.loop import Loop
from newsroom_consumers.worker.refold import Refolds
from newsroom_consumers.worker.replay import replay
from newsroom_infra.cli import views
from newsroom_infra.cli.shared.extras import CONSUMERS
from newsroom_producers.importers.emit import EventReader
from newsroom_producers.receipts import Receipt
from newsroom_schemas.events import AnyEvent, ArticlePublished
from newsroom_schemas.instants import to_rfc3339
from newsroom_schemas.wire.released import schema_files

Names = dict[str, Any]

ALL = examples()
JSON = {"newsroom_producers.importers.emit"}
"""Modules whose examples are no Python."""


@pytest.mark.parametrize("example", [each for each in ALL if each.module not in JSON | BROKER], ids=str)
def test_an_example_runs(example: Example, names: Names) -> None:
    """A name that is missing is defined in the example, or given by ``names`` or ``MORE``."""
    with ExitStack() as opened:
        more = MORE[example.module](names, opened) if example.module in MORE else {}
        example.run(names | more)


def test_a_line_of_events_is_read_and_its_result_is_a_receipt() -> None:
    (example,) = (each for each in ALL if each.module == "newsroom_producers.importers.emit")
    line, result = example.text.splitlines()
    (event,) = EventReader(actor="olena", source="import")(line.encode())
    assert isinstance(event, ArticlePublished)
    assert to_rfc3339(event.published_at or 0) == "2025-02-07T18:35:00.000000Z"
    receipt = msgspec.json.decode(result, type=Receipt)
    assert msgspec.to_builtins(receipt) == msgspec.json.decode(result)


def test_the_modules_that_are_named_here_have_examples() -> None:
    assert MORE.keys() | JSON | BROKER <= {each.module for each in ALL}


class StopSoon(threading.Event):
    """Orders a worker to stop after some turns."""

    def __init__(self) -> None:
        super().__init__()
        self._turns = 20

    def is_set(self) -> bool:
        """Count a turn, and return whether it was the last one."""
        self._turns -= 1
        return self._turns < 0 or super().is_set()


class Log:
    """A transport whose log takes every event."""

    def send(self, event: AnyEvent) -> Receipt:
        """Return a receipt."""
        return Receipt(event_id=event.event_id, topic="newsroom.articles", partition=0, offset=0)


def records() -> list[Record]:
    """Return an article's records: a race of two editors, a publication, and one whose schema nobody knows."""
    events = created(), edited(expected_version=1), edited(expected_version=1), published(), edited()
    found = [each._replace(offset=offset) for offset, each in enumerate(records_of(*events))]
    unknown = found[-1].headers[0][0], b"0" * 16
    return [*found[:-1], found[-1]._replace(headers=(unknown, *found[-1].headers[1:]))]


@pytest.fixture(scope="module")
def folded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fold the records into the live generation ``main``, and into ``trial``."""
    folder = tmp_path_factory.mktemp("examples")
    log, control = MemoryLog(PARTITIONS, records()), Control(open_database(folder))
    fold(control, "main", log)
    control.make_live_if_none_is("main")
    fold(control, "trial", log)
    return folder


@pytest.fixture
def names(folded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Names:
    """Return what examples name, with generations of their own; the paths in examples lie in the current folder."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(folded, "generations")
    return {
        "BatchFold": BatchFold,
        "Generation": Generation,
        "Loop": Loop,
        "Path": Path,
        "codec": CODEC,
        "control": Control(open_database("generations")),
        "cursors": cursors,
        "cut_at": cut_at,
        "end_of": end_of,
        "instant": NOON + MINUTE,
        "log": MemoryLog(PARTITIONS, records()),
        "now": NOON,
        "progress": lambda _: None,
        "reader": READER,
        "reader_queries": reader_queries,
        "show": lambda _total, _unit: nullcontext(lambda _: None),
        "site": SITE,
        "stopping": StopSoon(),
        "total": 1000,
        "transport": Log(),
    }


def fold(control: Control, name: str, log: MemoryLog, end: int | None = None) -> None:
    """Fold the log into a generation, each partition at most up to an offset."""
    cut = {at: offset if end is None else min(offset, end) for at, offset in end_of(log).items()}
    assert replay(control, name, log, cut, READER, stopping=threading.Event())


def archived(names: Names, _: ExitStack) -> Names:
    """Export the log into the folder ``backup``."""
    export(names["log"], end_of(names["log"]), Path("backup"), schema_files(), now=NOON)
    return {}


def spoiled(names: Names, opened: ExitStack) -> Names:
    """Export the log, and lose a file of it."""
    archived(names, opened)
    next(Path("backup").rglob("*.avro")).unlink()
    return {}


def loop_on_archive(names: Names, opened: ExitStack) -> Names:
    """Export the log, and open a new generation."""
    return archived(names, opened) | writing(names, opened, "audit")


def writing(names: Names, opened: ExitStack, name: str = "main") -> Names:
    """Open a generation for writing."""
    return {"generation": Generation(opened.enter_context(names["control"].database.session(name)))}


def two(names: Names, opened: ExitStack) -> Names:
    """Open the live generation and one that lacks the publication."""
    control = names["control"]
    fold(control, "earlier", names["log"], end=3)
    a, b = (opened.enter_context(control.database.auditing(each)) for each in ("main", "earlier"))
    return {"a": a, "b": b, "differences": differences, "PUBLISHED": PUBLISHED}


def sealed(names: Names, _: ExitStack) -> Names:
    """Seal the live generation into the file ``seals.jsonl``; name the records of the article's partition."""
    with names["control"].database.auditing("main") as connection:
        Path("seals.jsonl").write_bytes(seal_of(connection, "main", now=NOON).line())
    found = records()
    at = Partition(found[0].topic, found[0].partition)
    seals = read_seals(Path("seals.jsonl"))
    return {"SealCheck": SealCheck, "at": at, "records": found, "next_offset": len(found), "seals": seals}


def refolding(names: Names, opened: ExitStack) -> Names:
    """Request that the parked record is folded again, while no other records arrive."""
    wishes = Wishes()
    wishes.open.add("storm")
    open_ = writing(names, opened)
    generation = open_["generation"]
    return open_ | {
        "refolds": Refolds(names["log"], generation, READER, wishes),
        "batch_fold": BatchFold(),
        "records": [],
        "held": set(generation.cut()),
        "articles": generation.load({"storm"}),
        "moves": [],
    }


def working(names: Names, opened: ExitStack) -> Names:
    """Run a worker of the live generation in a thread of its own."""
    stopping = threading.Event()
    log = MemoryLog(PARTITIONS, records())
    worker = threading.Thread(
        target=follow, args=(names["control"], "main", log, READER, stopping), kwargs={"cached": 9}
    )
    worker.start()
    opened.callback(worker.join)
    opened.callback(stopping.set)
    return {}


def reporting(names: Names, _: ExitStack) -> Names:
    """Report to nobody."""
    return {"report": AsOfProgress(lambda _: None, lambda *_: nullcontext(lambda _: None), names["stopping"])}


MORE: dict[str, Callable[[Names, ExitStack], Names]] = {
    "newsroom_consumers.archive.log": loop_on_archive,
    "newsroom_consumers.archive.verify": spoiled,
    "newsroom_consumers.audit.asof": reporting,
    "newsroom_consumers.compare.changes": two,
    "newsroom_consumers.compare.rows": two,
    "newsroom_consumers.database.database": lambda _names, _: {"open_database": open_database},
    "newsroom_consumers.files": lambda _names, _: {"path": Path(__file__)},
    "newsroom_consumers.generations.unpark": working,
    "newsroom_consumers.projections.subject": lambda _names, _: {"METADATA": MetaData(), "text": text},
    "newsroom_consumers.seals.check": sealed,
    "newsroom_consumers.seals.seal": sealed,
    "newsroom_consumers.store.reread": lambda _names, _: {"name": "main"},
    "newsroom_consumers.store.steps": writing,
    "newsroom_consumers.worker.loop": writing,
    "newsroom_consumers.worker.refold": refolding,
    "newsroom_infra.cli.shared.output": lambda _names, _: {
        "CONSUMERS": CONSUMERS,
        "ParkedArticle": ParkedArticle,
        "views": views,
    },
}
"""What the examples of a module name besides: nothing that they define themselves, and all of its real type."""
