"""The reckoning finds what a fold by the product cannot: bugs that worker and fold afresh have in common."""

from __future__ import annotations

import itertools
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from random import Random
from typing import Any

import pytest
from chaos import checker, reckoning, refold
from chaos.acts import Editor
from chaos.beliefs import Beliefs
from chaos.evidence import Appended, Finding, Held, appended
from chaos.shared_bugs import BUGS, Bug, no_rows
from chaos.test_checker import changed, held
from hypothesis import given, settings
from msgspec.structs import replace
from support.fold_model import (
    MINUTE,
    NOON,
    classified,
    correction,
    created,
    defined,
    edited,
    embargoed,
    merged,
    published,
    released,
    scheduled,
    translated,
    unpublished,
)
from support.record_strategies import numbered, real, record_of
from support.strategies import logs, unhurried

from newsroom_consumers.log.record import Record
from newsroom_consumers.projections import public_names, timeline
from newsroom_consumers.store.tables import EVENT
from newsroom_producers.desk import Desk
from newsroom_producers.receipts import Receipt, Sendable, SendResult
from newsroom_schemas.errors import NewsroomError
from newsroom_schemas.events import AnyEvent

_ACTS = 400
_PEOPLE = ("olena", "petro")
_AGAIN = 0.05
"""Share of acts after which an earlier event is sent again."""

FLOOD: tuple[AnyEvent, ...] = (
    created(article_id="flood", tags=("a", "b"), flags=("main",)),
    published(article_id="flood"),
    edited(article_id="flood", lead="The river is high."),
    published(article_id="flood", expected_version=2, note=correction()),
    edited(article_id="flood", expected_version=1, lead="The river is low."),
    classified(article_id="flood", section="world", tags=("c",)),
)
"""A story that stays live, with a draft that readers do not see."""
FIRE: tuple[AnyEvent, ...] = (
    created(article_id="fire", tags=("a",)),
    translated(article_id="fire"),
    published(article_id="fire", note=correction()),
    published(article_id="fire", language="en"),
    unpublished("uk", article_id="fire", reason="legal"),
    published(article_id="fire", language="en"),
    scheduled(NOON, article_id="fire"),
)
"""A story that is held; the last two come too late."""
STORM: tuple[AnyEvent, ...] = (
    created(),
    embargoed(NOON + 60 * MINUTE),
    published(),
    embargoed(None),
    scheduled(NOON, event_id="plan"),
    published(schedule_id="plan"),
    unpublished(),
    edited(expected_version=2, headline="The storm is over"),
    released(),
    published(),
)
"""A story that went live twice, and not while it was embargoed."""
CATALOGUE: tuple[AnyEvent, ...] = (defined("a", uk="А"), defined("b", uk="Б"), merged("a", "b"))


def recorded(events: Sequence[AnyEvent]) -> list[Record]:
    """Record events, one a minute; those that say no id get one of their own."""
    named = [event if event.event_id else replace(event, event_id=f"e{n}") for n, event in enumerate(events)]
    return numbered([record_of(real(each), timestamp=NOON + n * MINUTE) for n, each in enumerate(named)], set())


RECORDS = recorded((*FLOOD, *FIRE, *STORM, *CATALOGUE))
LOG = appended(RECORDS)


def found(generation: Held, log: Sequence[Appended] = LOG) -> list[Finding]:
    """Reckon a generation."""
    return list(reckoning.check(generation, log))


class Memory:
    """A transport into a log in memory."""

    def __init__(self, beliefs: Beliefs) -> None:
        self.records: list[Record] = []
        self.events: list[AnyEvent] = []
        self._offsets: defaultdict[tuple[str, int], Iterator[int]] = defaultdict(itertools.count)
        self._beliefs = beliefs

    def send(self, event: AnyEvent) -> Receipt:
        """Put an event at the end of its partition."""
        record = record_of(event, timestamp=time.time_ns() // 1000)
        offset = next(self._offsets[record.topic, record.partition])
        receipt = Receipt(event_id=event.event_id, topic=record.topic, partition=record.partition, offset=offset)
        self.records.append(record._replace(offset=offset))
        self.events.append(event)
        self._beliefs.learn(event, receipt)
        return receipt

    def send_all(self, events: Iterable[Sendable]) -> Iterator[SendResult]:
        """Send nothing: nobody here sends many at a time."""
        del events
        return iter(())


def acted(seed: int) -> list[Record]:
    """Let some people act for a while, who send some events again."""
    beliefs, dice = Beliefs(), Random(seed)  # noqa: S311 - reproducible, not secret
    memory = Memory(beliefs)
    people = [Editor(Desk(memory, source="chaos", actor=name), beliefs, dice, name) for name in _PEOPLE]
    for _ in range(_ACTS):
        with suppress(NewsroomError):
            dice.choice(people).act()
        if dice.random() < _AGAIN and memory.events:
            memory.send(dice.choice(memory.events))
    return memory.records


def test_a_sound_product_gives_no_finding() -> None:
    assert found(held(RECORDS)) == []


@pytest.mark.parametrize("seed", [1, 2])
def test_some_hundred_random_acts_give_none(seed: int) -> None:
    records = acted(seed)
    generation = held(records)
    outcomes = {row["outcome"] for row in generation.rows(EVENT)}
    assert outcomes == {"applied", "rejected", "duplicate"}
    assert found(generation, appended(records)) == []


@settings(unhurried, max_examples=40)
@given(logs())
def test_random_logs_give_none(entries: Any) -> None:
    records = numbered([record_of(real(event), timestamp=at.timestamp) for event, at in entries], set())
    assert found(held(records), appended(records)) == []


def test_a_generation_is_reckoned_as_far_as_it_goes() -> None:
    assert found(held(RECORDS[:9], live=False)) == []


@pytest.mark.parametrize("bug", BUGS.values(), ids=BUGS)
def test_a_bug_of_worker_and_fold_afresh_alike_is_named(bug: Bug, monkeypatch: pytest.MonkeyPatch) -> None:
    """The product is patched, since nothing else gives one fault to both."""
    monkeypatch.setattr(bug.module, bug.name, bug.stand_in)
    generation = held(RECORDS)
    assert list(refold.check(generation, LOG)) == []
    said = [f"{each.kind}: {each.what}" for each in found(generation)]
    assert any(bug.said in each for each in said), said


def test_the_checker_reckons(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timeline, "rows", no_rows)
    generation = held(RECORDS)
    assert set(found(generation)) <= set(checker.check_generation(generation, LOG))


@pytest.mark.parametrize("table", sorted(reckoning.RECKONED))
def test_a_row_that_is_missing_is_lost(table: str) -> None:
    rows = iter(range(1000))
    one_less = changed(held(RECORDS), table, lambda row: row if next(rows) else None)
    assert [each.kind for each in found(one_less)] == ["lost"]


@pytest.mark.parametrize("table", sorted(reckoning.RECKONED & public_names()))
def test_a_row_that_is_not_to_be_there_is_leaked(table: str) -> None:
    key = "tag_id" if table == "tag" else "article_id"
    other = changed(held(RECORDS), table, lambda row: row | {key: f"{row[key]}-other"})
    assert {each.kind for each in found(other)} == {"lost", "leaked"}


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("published", "version", 9),
        ("published", "headline", "Another"),
        ("published", "updated_at", None),
        ("timeline", "main", 7),
        ("gone", "since", 0),
        ("edition", "schedule_at", 1),
        ("article", "hold", 7),
        ("tag", "labels", "{}"),
        ("event", "record_sha", b""),
        ("event", "value_sha", b""),
        ("event", "reason", "because"),
        ("cursor", "chain", b""),
        ("cursor", "last", b""),
    ],
)
def test_any_other_value_is_diverged(table: str, column: str, value: Any) -> None:
    other = changed(held(RECORDS), table, lambda row: row | {column: value})
    assert "diverged" in {each.kind for each in found(other)}


def test_nothing_is_said_of_an_article_with_parked_records() -> None:
    parked = changed(held(RECORDS), "event", lambda row: row | {"outcome": "parked"})
    assert found(changed(parked, "published", lambda _: None)) == []


@pytest.mark.parametrize(
    ("outcome", "instead", "kind"),
    [("duplicate", "applied", "duplicate"), ("applied", "rejected", "lost"), ("rejected", "applied", "diverged")],
)
def test_an_outcome_that_is_another_one_is_named(outcome: str, instead: str, kind: str) -> None:
    twice = numbered([*RECORDS, RECORDS[0]], set())
    other = changed(held(twice), "event", lambda row: row | {"outcome": instead} if row["outcome"] == outcome else row)
    assert {each.kind for each in found(other, appended(twice))} == {kind}
