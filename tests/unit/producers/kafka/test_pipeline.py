"""The pipeline against a link that fails as Kafka's client does: all at once, in an order that is given."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial

import pytest

from newsroom_producers.kafka.pipeline import Pipeline
from newsroom_producers.kafka.protocols import Failure, FailureKind, PendingRecord
from newsroom_producers.kafka.transport import unit_of
from newsroom_producers.receipts import Receipt, Refusal, Sendable, SendResult
from newsroom_schemas.errors import (
    BrokerAwayError,
    ForbiddenTopicError,
    InvalidEventError,
    NewsroomError,
    OvertakenError,
    RecordRefusedError,
)
from newsroom_schemas.events import AnyEvent, ArticleReleased

Answer = Receipt | Failure | None


@dataclass
class Broker:
    """A broker with one partition, and what it does wrong; its clients work in batches of 10."""

    refuses: set[str] = field(default_factory=set)
    """Event ids of records that are refused."""
    refuses_batches: bool = False
    """Whether a refusal is one of the whole batch and names no record."""
    forbids: bool = False
    vanishes_at: str | None = None
    """Event id from which on nothing is answered."""
    loses: set[str] = field(default_factory=set)
    """Event ids of records that fail once for no reason of their own, while later ones go on."""
    log: list[str] = field(default_factory=list)
    links: int = 0

    def take(self, batch: list[PendingRecord]) -> list[Answer]:
        """Append a batch or refuse it."""
        bad = [record for record in batch if record.event_id in self.refuses]
        if bad:
            culprit = FailureKind.REFUSED if self.refuses_batches else FailureKind.COLLATERAL
            return [failure(s, FailureKind.REFUSED if s in bad else culprit) for s in batch]
        return [self.append(record) for record in batch]

    def append(self, record: PendingRecord) -> Answer:
        """Append one record."""
        if record.event_id in self.loses:
            self.loses.remove(record.event_id)
            return failure(record, FailureKind.COLLATERAL)
        if self.forbids:
            return failure(record, FailureKind.FORBIDDEN)
        if self.vanishes_at and record.event_id >= self.vanishes_at:
            return None
        self.log.append(record.event_id)
        return Receipt(event_id=record.event_id, topic=record.topic, partition=0, offset=len(self.log) - 1)


def failure(record: PendingRecord, kind: FailureKind) -> Failure:
    """Fail a record."""
    error: NewsroomError = RecordRefusedError(record.topic, record.key.decode(), kind.name)
    if kind is FailureKind.FORBIDDEN:
        error = ForbiddenTopicError(record.topic, "b")
    return Failure(kind, error)


@dataclass
class Ticket:
    """The promise for one record: known once the producer was flushed or its batch is full."""

    producer: Producer
    record: PendingRecord

    def answer(self, timeout: float) -> Answer:
        """Return the answer."""
        if timeout > 0:
            self.producer.flush()
        return self.producer.answers.get(self.record.event_id)


@dataclass
class Producer:
    """A producer that dies of its first refusal, as an idempotent one does."""

    broker: Broker
    gathered: list[PendingRecord] = field(default_factory=list)
    answers: dict[str, Answer] = field(default_factory=dict)
    failed: list[tuple[PendingRecord, Failure]] = field(default_factory=list)
    death: Failure | None = None

    def post(self, record: PendingRecord) -> Ticket:
        """Gather batches of 10."""
        self.gathered.append(record)
        if len(self.gathered) == 10:
            self.flush()
        return Ticket(self, record)

    def flush(self) -> None:
        """Send what is gathered; after a refusal, everything fails as the refused record did."""
        batch, self.gathered = self.gathered, []
        answers = [self.death] * len(batch) if self.death else self.broker.take(batch)
        for record, answer in zip(batch, answers, strict=True):
            self.answers[record.event_id] = answer
            if isinstance(answer, Failure):
                self.failed.append((record, answer))
                if answer.kind is FailureKind.REFUSED:
                    self.death = answer


class Link:
    """A link over such producers."""

    def __init__(self, broker: Broker) -> None:
        self.broker = broker
        self.timeout = 0.0 if broker.vanishes_at else 30.0
        self.present: Producer | None = None

    def post(self, record: PendingRecord) -> Ticket:
        """Connect at the first record, and hand it over."""
        if self.present is None:
            self.broker.links += 1
            self.present = Producer(self.broker)
        return self.present.post(record)

    def flush(self) -> None:
        """Pass it on."""
        if self.present:
            self.present.flush()

    def close(self, patience: float) -> list[tuple[PendingRecord, Failure]]:  # noqa: ARG002 - part of the protocol
        """Close: what is still gathered is sent first."""
        producer, self.present = self.present, None
        if producer is None:
            return []
        producer.flush()
        return producer.failed

    def away(self, event_id: str | None) -> BrokerAwayError:
        """Make the error."""
        return BrokerAwayError("b", self.timeout, event_id)


def encode(event: AnyEvent) -> PendingRecord:
    """Refuse events whose actor is nobody."""
    if not event.actor:
        raise InvalidEventError("ArticleReleased", "actor", "is empty")
    assert isinstance(event, ArticleReleased)
    return PendingRecord(event.event_id, "t", event.article_id.encode(), b"x", [])


def results_of(link: Link, events: Iterable[Sendable]) -> Iterator[SendResult]:
    """Send events as the transport does."""
    return Pipeline(link).results(map(partial(unit_of, encode=encode), events))


def event(number: int, article: str | None = None, actor: str = "a") -> ArticleReleased:
    """Make an event whose id is its number."""
    return ArticleReleased(
        event_id=f"{number:03}", article_id=article or f"a{number}", occurred_at=0, actor=actor, source="s"
    )


def run(broker: Broker, events: list[Sendable]) -> list[SendResult]:
    """Send all."""
    return list(results_of(Link(broker), events))


def refused(results: list[SendResult]) -> dict[str | None, type[NewsroomError]]:
    """Return the errors by event id."""
    return {r.event_id: type(r.error) for r in results if isinstance(r, Refusal)}


def firsts(log: list[str]) -> list[str]:
    """Return the first place of each record in the log, which is the one that counts."""
    return list(dict.fromkeys(log))


@pytest.mark.parametrize("refuses_batches", [False, True])
def test_exactly_the_refused_records_are_errors(*, refuses_batches: bool) -> None:
    """Whether the broker names the record or refuses its whole batch."""
    broker = Broker(refuses={"000", "043", "044", "099"}, refuses_batches=refuses_batches)
    results = run(broker, [event(number) for number in range(100)])
    assert refused(results) == dict.fromkeys(["000", "043", "044", "099"], RecordRefusedError)
    assert [result.event_id for result in results] == [f"{number:03}" for number in range(100)]
    assert firsts(broker.log) == [f"{n:03}" for n in range(100) if n not in (0, 43, 44, 99)]


def test_many_refused_records_are_not_mistaken_for_an_absent_broker() -> None:
    broker = Broker(refuses={f"{number:03}" for number in range(20, 60)})
    assert len(refused(run(broker, [event(number) for number in range(100)]))) == 40
    assert len(broker.log) == 60


def test_a_record_that_a_later_one_has_overtaken_is_not_sent_behind_it() -> None:
    """Event 3 failed alone, and 4 of the same article is in the log: 3 is an error, and not in the log after 4."""
    broker = Broker(loses={"003"})
    results = run(broker, [event(number, article="one") for number in range(8)])
    assert refused(results) == {"003": OvertakenError}
    assert "003" not in broker.log


def test_a_record_that_failed_for_no_reason_of_its_own_is_sent_again() -> None:
    broker = Broker(loses={"003"})
    assert refused(run(broker, [event(number) for number in range(8)])) == {}
    assert "003" in broker.log


def test_nothing_is_reported_as_sent_once_the_broker_is_away() -> None:
    broker = Broker(vanishes_at="012")
    results = run(broker, [event(number) for number in range(40)])
    assert [r.event_id for r in results if isinstance(r, Receipt)] == broker.log == [f"{n:03}" for n in range(12)]
    assert set(refused(results).values()) == {BrokerAwayError}
    assert broker.links == 1


def test_an_absent_broker_says_which_events_may_be_in_the_log() -> None:
    sent, unsent = run(Broker(vanishes_at="000"), [event(0), None, event(1)])
    assert isinstance(sent, Refusal)
    assert isinstance(unsent, Refusal)
    assert "event 000 may or may not be in the log" in str(sent.error)
    assert "the event was not sent" in str(unsent.error)


def test_a_forbidden_topic_is_tried_once() -> None:
    broker = Broker(forbids=True)
    assert set(refused(run(broker, [event(number) for number in range(50)])).values()) == {ForbiddenTopicError}
    assert broker.links == 1


def test_a_pause_settles_what_was_sent_before_more_is_asked_for() -> None:
    results: list[SendResult] = []
    counts: list[int] = []

    def source() -> Iterator[Sendable]:
        yield event(0)
        yield event(1)
        yield None
        counts.append(len(results))
        yield event(2)

    for result in results_of(Link(Broker()), source()):
        results.append(result)  # noqa: PERF402 - the source looks at it meanwhile
    assert counts == [2]
    assert len(results) == 3


def test_an_interrupt_settles_what_is_in_flight_before_it_goes_on() -> None:
    broker = Broker()

    def source() -> Iterator[Sendable]:
        yield event(0)
        yield event(1)
        raise KeyboardInterrupt

    pipeline = results_of(Link(broker), source())
    assert [next(pipeline).event_id, next(pipeline).event_id] == ["000", "001"]
    with pytest.raises(KeyboardInterrupt):
        next(pipeline)
    assert broker.log == ["000", "001"]


def test_what_goes_together_is_sent_whole_or_not_at_all() -> None:
    broker = Broker()
    results = run(broker, [(event(0), event(1, actor="")), (event(2), event(3))])
    assert refused(results) == {"000": InvalidEventError, "001": InvalidEventError}
    assert broker.log == ["002", "003"]


def test_what_was_refused_before_keeps_its_place() -> None:
    refusal = Refusal(error=NewsroomError("no"))
    results = run(Broker(), [event(0), refusal, event(1)])
    assert [results[1], len(results)] == [refusal, 3]
