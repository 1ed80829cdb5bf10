"""Parked records, case by case: whose request it is, what a fence and a crash leave, and what counts as the head."""

from __future__ import annotations

import contextlib
import itertools
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from support import fold_model as make
from support.faults import BrittleGeneration
from support.kit import CODEC, Tables, tables_of
from support.memory_log import CrashError, Fuse, MemoryLog
from support.parking import Faults, Wishes, skip_of
from support.record_strategies import PARTITIONS, PLACE, TAGS_TOPIC, TOPIC, numbered, real, record_of

from newsroom_consumers.control.control import Control
from newsroom_consumers.control.retries import StoredRequests
from newsroom_consumers.database.sqlite import SqliteDatabase
from newsroom_consumers.fold.record_rules import RecordReader
from newsroom_consumers.log.log import LogMismatchError
from newsroom_consumers.log.record import Partition, Record
from newsroom_consumers.store.cursors import FencedError
from newsroom_consumers.store.generation import Generation
from newsroom_consumers.worker import refold
from newsroom_consumers.worker.loop import Loop
from newsroom_consumers.worker.refold import ThrottledRequests
from newsroom_schemas.catalogue import CATALOGUE
from newsroom_schemas.events import AnyEvent, AnyTagEvent

READER = RecordReader(CODEC, tags_topic=TAGS_TOPIC, place=PLACE)
EVENTS: tuple[AnyEvent, ...] = (
    make.created(event_id="e1"),
    make.published(event_id="e2"),
    make.edited(event_id="e3", headline="New"),
    make.unpublished(event_id="e4"),
    make.edited(event_id="e5", headline="Newer"),
)
LOG = numbered([record_of(real(event)) for event in EVENTS], set())
STORM = Partition(TOPIC, LOG[0].partition)
POISON = Faults(events=frozenset({real(EVENTS[2]).event_id}))
"""A build that parks the article from its edit on; its page is hidden by the withdrawal behind."""
SOUND = Faults()


@pytest.fixture
def main(tmp_path: Path) -> Path:
    """File of a generation in which the article is parked."""
    path = tmp_path / "main.sqlite"
    drain(path, LOG, POISON)
    return path


@pytest.fixture
def generation(main: Path) -> Iterator[Generation]:
    """Open that generation."""
    session = SqliteDatabase(main.parent).session(main.stem)
    yield Generation(session)
    session.close()


def test_the_first_parked_record_and_all_of_them_are_given_as_they_lie_in_the_log(generation: Generation) -> None:
    assert generation.head("storm") == LOG[2]
    assert list(generation.queue("storm").records) == LOG[2:]
    assert generation.head(CATALOGUE) is None
    assert generation.queue(CATALOGUE).records == []


def test_a_retry_is_fenced_like_any_batch(generation: Generation, main: Path) -> None:
    wishes = Wishes()
    zombie = loop_on(MemoryLog(PARTITIONS, LOG), generation, SOUND, wishes)
    zombie.run_once(0)
    loop_on(MemoryLog(PARTITIONS, LOG), generation, POISON).run_once(0)
    before = tables_of(main)
    wishes.open = {"storm"}
    with pytest.raises(FencedError):
        zombie.run_once(0)
    assert (tables_of(main), wishes.open) == (before, {"storm"})


def test_a_worker_leaves_to_others_what_lies_in_their_partitions(generation: Generation, main: Path) -> None:
    wishes = Wishes()
    log = MemoryLog(PARTITIONS, LOG)
    log.mine -= {STORM}
    wishes.open = {"storm", "unheard-of"}
    before = tables_of(main)["parked"]
    loop_on(log, generation, SOUND, wishes).run_once(0)
    assert (tables_of(main)["parked"], wishes.open) == (before, {"storm"})


def test_a_crash_at_any_step_of_a_retry_leaves_all_of_it_or_nothing_and_the_request(main: Path, tmp_path: Path) -> None:
    before, after = tables_of(main), from_scratch(tmp_path, SOUND)
    for steps in itertools.count():
        path = Path(shutil.copy(main, tmp_path / f"{steps}.sqlite"))
        wishes, fuse = Wishes(), Fuse(steps, CrashError())
        wishes.open = {"storm"}
        session = SqliteDatabase(path.parent).session(path.stem)
        with contextlib.suppress(CrashError):
            loop = loop_on(MemoryLog(PARTITIONS, LOG, fuse=fuse), BrittleGeneration(session, fuse), SOUND, wishes)
            loop.run_once(0)
        session.close()
        left = tables_of(path)
        assert left == after or (left == before and wishes.open)
        drain(path, LOG, SOUND, {"storm"})
        assert tables_of(path) == after
        if fuse.is_whole:
            break


def test_a_retry_that_needs_a_record_which_the_log_has_changed_stores_nothing(
    generation: Generation, main: Path
) -> None:
    wishes = Wishes()
    log = MemoryLog(PARTITIONS, LOG)
    loop = loop_on(log, generation, SOUND, wishes)
    loop.run_once(0)
    before = tables_of(main)
    log.make_anew([LOG[0]._replace(timestamp=LOG[0].timestamp + 1), *LOG[1:]])
    wishes.open = {"storm"}
    with pytest.raises(LogMismatchError):
        loop.run_once(0)
    assert tables_of(main) == before


@pytest.mark.parametrize(
    "wrong",
    [{"offset": 3}, {"partition": 7}, {"topic": TAGS_TOPIC}, {"sha256": "0" * 64}],
    ids=lambda each: next(iter(each)),
)
@pytest.mark.parametrize("size", [1, 9])
def test_only_the_head_is_skipped_by_its_whole_name(tmp_path: Path, wrong: dict[str, Any], size: int) -> None:
    skip = skip_of(READER.read(LOG[2]), offset=len(LOG), timestamp=make.NOON, wrong=wrong)
    path = tmp_path / "main.sqlite"
    drain(path, [*LOG, skip], POISON, size=size)
    assert [row[14:16] for row in tables_of(path)["event"]][2:] == [("parked", None)] * 3 + [("rejected", "not_parked")]


@pytest.mark.parametrize("size", [1, 3, 9])
def test_an_event_that_skips_is_decided_once(tmp_path: Path, size: int) -> None:
    """Sent again it is a duplicate, also while the next record is parked."""
    faults = Faults(events=frozenset({real(each).event_id for each in (EVENTS[2], EVENTS[4])}))
    skip = skip_of(READER.read(LOG[2]), offset=len(LOG), timestamp=make.NOON)
    path = tmp_path / "main.sqlite"
    drain(path, [*LOG, skip, skip._replace(offset=len(LOG) + 1)], faults, size=size)
    outcomes = [row[14] for row in tables_of(path)["event"]]
    assert outcomes == ["applied", "applied", "skipped", "applied", "parked", "applied", "duplicate"]


@pytest.mark.parametrize("size", [1, 2, 9])
def test_a_page_is_shown_again_when_its_withdrawal_is_skipped(tmp_path: Path, size: int) -> None:
    """Wherever the page lies when its withdrawal parks: in the database, in the same batch, or in the log alone."""
    story = [*LOG[:2], record_of(real(EVENTS[3]))._replace(offset=2)]
    skip = skip_of(READER.read(story[2]), offset=3, timestamp=make.NOON)
    faults = Faults(events=frozenset({real(EVENTS[3]).event_id}))
    path, without = tmp_path / "main.sqlite", tmp_path / "without.sqlite"
    drain(path, [*story, skip], faults, size=size)
    drain(without, story[:2], faults)
    shown, expected = tables_of(path), tables_of(without)
    for name in ("published", "gone", "timeline", "tag_entry", "edition", "parked"):
        assert shown[name] == expected[name], name
    assert len(shown["published"]) == 1


def test_a_worker_that_did_not_see_the_first_withdrawal_leaves_its_page_too(main: Path, tmp_path: Path) -> None:
    second = record_of(real(make.unpublished(event_id="e6", reason="error")))._replace(offset=len(LOG))
    drain(main, [*LOG, second], POISON)
    tables = tables_of(main)
    assert [row[-1] for row in tables["parked"]] == ["[]", '["uk"]', "[]", "[]"]
    assert [row[2] for row in tables["gone"]] == ["withdrawn"]
    assert tables == from_scratch(tmp_path, POISON, [*LOG, second])


def test_a_legal_takedown_replaces_the_page_of_an_earlier_withdrawal(main: Path, tmp_path: Path) -> None:
    takedown = record_of(real(make.unpublished(event_id="e6", reason="legal")))._replace(offset=len(LOG))
    drain(main, [*LOG, takedown], POISON)
    assert [row[2] for row in tables_of(main)["gone"]] == ["legal"]
    drain(main, [*LOG, takedown], SOUND, {"storm"})
    assert tables_of(main) == from_scratch(tmp_path, SOUND, [*LOG, takedown])


def test_a_retry_behind_a_skip_is_what_the_code_that_runs_now_makes_of_the_log(tmp_path: Path) -> None:
    """Another event has begun the article in place of the one that was skipped; mended code lets the first one."""
    events = (
        make.created(event_id="e1"),
        make.created(event_id="e2", language="en"),
        make.edited(event_id="e3", language="en"),
    )
    log = numbered([record_of(real(event)) for event in events], set())
    log.insert(2, skip_of(READER.read(log[0]), offset=2, timestamp=make.NOON))
    log[3] = log[3]._replace(offset=3)
    faults = Faults(events=frozenset({real(each).event_id for each in (events[0], events[2])}))
    path = tmp_path / "main.sqlite"
    drain(path, log, faults)
    assert [row[1] for row in tables_of(path)["edition"]] == ["en"]
    drain(path, log, SOUND, {"storm"})
    assert [row[1] for row in tables_of(path)["edition"]] == ["uk"]
    assert tables_of(path) == from_scratch(tmp_path, SOUND, log)


def test_the_catalogue_is_retried_behind_a_skip_as_the_log_now_says(tmp_path: Path) -> None:
    """A merge that was skipped is applied by mended code, and a later definition of that tag is refused."""
    made: list[AnyTagEvent] = [
        make.defined("t1"),
        make.defined("t2"),
        make.merged("t1", "t2"),
        make.defined("t1", uk="x"),
        make.defined("t3"),
    ]
    events = [msgspec.structs.replace(each, event_id=f"t{number}") for number, each in enumerate(made)]
    log = numbered([record_of(real(event)) for event in events[:3]], set())
    log.append(skip_of(READER.read(log[2]), offset=3, timestamp=make.NOON))
    log += [record_of(real(event))._replace(offset=4 + number) for number, event in enumerate(events[3:])]
    faults = Faults(events=frozenset({real(each).event_id for each in (events[2], events[4])}))
    path = tmp_path / "main.sqlite"
    drain(path, log, faults)
    assert [row[14] for row in tables_of(path)["event"]] == ["applied"] * 2 + ["skipped"] + ["applied"] * 2 + ["parked"]
    drain(path, log, SOUND, {CATALOGUE})
    assert tables_of(path) == from_scratch(tmp_path, SOUND, log)


def test_an_event_resent_as_a_skip_while_it_waits_is_the_duplicate_that_it_is_without_the_fault(
    tmp_path: Path,
) -> None:
    """What was decided behind the queue, out of turn, is decided again in its turn."""
    hostile = record_of(real(make.skipped(event_id="e5")))._replace(offset=len(LOG))
    path = tmp_path / "main.sqlite"
    drain(path, [*LOG, hostile], POISON)
    drain(path, [*LOG, hostile], SOUND, {"storm"})
    assert tables_of(path)["event"][-1][14] == "duplicate"
    assert tables_of(path) == from_scratch(tmp_path, SOUND, [*LOG, hostile])


def test_requests_are_looked_for_a_few_times_a_second(tmp_path: Path) -> None:
    wishes, now = Wishes(), [0.0]
    wishes.open = {"storm"}
    seldom = ThrottledRequests(wishes, lambda: now[0])
    looks = []
    for _ in range(100):
        now[0] += 0.01
        looks.append(bool(seldom.asked()))
    assert 1 <= sum(looks) <= 5


def test_what_is_too_much_for_one_transaction_is_folded_in_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refold, "_AT_ONCE", 1)
    flood = make.created(article_id="flood", event_id=EVENTS[2].event_id)
    log = numbered([*LOG, record_of(real(flood))], set())
    drain(tmp_path / "main.sqlite", log, POISON)
    wishes = Wishes()
    wishes.open = {"storm", "flood"}
    with SqliteDatabase(tmp_path).session("main") as session:
        loop = loop_on(MemoryLog(PARTITIONS, log), Generation(session), SOUND, wishes)
        loop.run_once(0)
        assert wishes.open == {"storm"}
        loop.run_once(0)
        assert wishes.open == set()


def test_the_requests_of_one_person_are_not_taken_back_by_another(tmp_path: Path) -> None:
    with Control(SqliteDatabase(tmp_path)).retries("main") as requests:
        requests.ask("one", ["storm", "flood"])
        requests.ask("two", ["storm"])
        assert sorted(requests.asked()) == ["flood", "storm"]
        assert list(StoredRequests(requests._session, "other").asked()) == []
        requests.withdraw("one")
        assert (requests.asked(), requests.open("one"), requests.open("two")) == (["storm"], [], ["storm"])
        requests.settle(["storm"])
        assert requests.open("two") == []


def loop_on(log: MemoryLog, generation: Generation, faults: Faults, wishes: Wishes | None = None) -> Loop:
    """Make the loop of a worker with a build."""
    return Loop(log, generation, READER, faults.folding(), owner="test", requests=wishes)


def drain(
    path: Path, log: list[Record], faults: Faults, wishes: set[str] | frozenset[str] = frozenset(), size: int = 9
) -> None:
    """Fold a log to its end, and what was asked for."""
    asked = Wishes()
    asked.open = set(wishes)
    session = SqliteDatabase(path.parent).session(path.stem)
    loop = loop_on(MemoryLog(PARTITIONS, log, sizes=[size]), Generation(session), faults, asked)
    while loop.run_once(0).records or asked.open:
        pass
    session.close()


def from_scratch(folder: Path, faults: Faults, log: list[Record] = LOG) -> Tables:
    """Fold a log into an empty generation."""
    drain(folder / "scratch.sqlite", log, faults)
    return tables_of(folder / "scratch.sqlite")
