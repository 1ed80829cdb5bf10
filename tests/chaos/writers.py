"""Writers: people who go on whatever happens to broker, workers and database, each in a thread of its own."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from random import Random

import msgspec
from chaos.acts import Editor
from chaos.beliefs import Beliefs
from chaos.history import History, Recorded
from chaos.leaks import canary
from support.fold_model import edited
from support.kit import CODEC, Newsroom

from newsroom_producers.desk import Desk, new_event_id, now
from newsroom_producers.kafka.transport import KafkaTransport
from newsroom_producers.receipts import Receipt, Refusal, Sendable, SendResult, Transport
from newsroom_schemas.errors import NewsroomError
from newsroom_schemas.events import AnyEvent, ArticleEdited
from newsroom_schemas.values import Block

PATIENCE = 0.8
"""Seconds that a tool waits for the broker."""
LIMIT = 60_000
"""Bytes of a batch that the broker takes of this newsroom's articles."""
_PAUSES = (0.002, 0.025)
"""Seconds between two acts of one person, from and to."""
_TOGETHER = 0.08
"""Share of turns in which a person sends several acts in one stream."""
_AGAIN = 0.7
"""Share of sends with an unknown end that are sent again at once; others wait for later."""
_STREAM = 12
"""Events of a stream with one that is too large."""


class Clock:
    """A clock that may be wrong."""

    def __init__(self) -> None:
        """Begin with the right time."""
        self.off = timedelta()

    def __call__(self) -> datetime:
        """Return the time."""
        return now() + self.off


class Believing(Recorded):
    """A recorded transport that tells its acknowledgements to the newsroom's tools."""

    def __init__(self, transport: Transport, history: History, writer: str, beliefs: Beliefs) -> None:
        super().__init__(transport, history, writer)
        self._beliefs = beliefs

    def send(self, event: AnyEvent) -> Receipt:
        """Send one event."""
        receipt = super().send(event)
        self._beliefs.learn(event, receipt)
        return receipt

    def send_together(self, events: Sequence[AnyEvent]) -> None:
        """Send events in one stream."""
        for event, settled in zip(events, self.send_all(events), strict=True):
            if isinstance(settled, Receipt):
                self._beliefs.learn(event, settled)


class Basket:
    """A transport that sends nothing: it keeps what is to be sent."""

    def __init__(self) -> None:
        """Begin empty."""
        self.events: list[AnyEvent] = []

    def send(self, event: AnyEvent) -> Receipt:
        """Keep one event; the receipt names no place in any log."""
        self.events.append(event)
        return Receipt(event_id=event.event_id, topic="", partition=0, offset=0)

    def send_all(self, events: Iterable[Sendable]) -> Iterator[SendResult]:
        """Keep many."""
        return (self.send(event) for event in events if not isinstance(event, Refusal | tuple | None))


class Writer:
    """One person, with a connection of their own."""

    def __init__(
        self, newsroom: Newsroom, history: History, beliefs: Beliefs, *, random: Random, name: str, clock: Clock
    ) -> None:
        self._kafka = KafkaTransport(newsroom.bootstrap, newsroom.topics, CODEC, delivery_timeout=PATIENCE)
        self._transport = Believing(self._kafka, history, name, beliefs)
        self._random = random
        self.died: str | None = None
        """What ended it, if anything did."""
        self._basket = Basket()
        desk, gathering = (
            Desk(transport, source="chaos", actor=name, clock=clock) for transport in (self._transport, self._basket)
        )
        self._editor = Editor(desk, beliefs, random, name)
        self._gatherer = Editor(gathering, beliefs, random, f"{name}s")

    def run(self, stopping: threading.Event) -> None:
        """Act until told to stop."""
        try:
            while not stopping.is_set():
                with suppress(NewsroomError):
                    self._act()
                stopping.wait(self._random.uniform(*_PAUSES))
            self._kafka.close()
        except Exception:  # noqa: BLE001 - whatever ends a writer is to be found
            self.died = traceback.format_exc()

    def _act(self) -> None:
        if self._transport.unknown and self._random.random() < _AGAIN:
            self._transport.send(next(iter(self._transport.unknown.values())))
        elif self._random.random() < _TOGETHER:
            for _ in range(self._random.randint(2, _STREAM)):
                self._gatherer.act()
            sent, self._basket.events = self._basket.events, []
            self._transport.send_together(sent)
        else:
            self._editor.act()


def send_too_large(newsroom: Newsroom, history: History, beliefs: Beliefs, random: Random) -> None:
    """Send a stream of which the broker refuses some records."""
    culprits = set(random.sample(range(_STREAM), random.randint(1, 2)))
    events = [_large(number, random) if number in culprits else small(number, random) for number in range(_STREAM)]
    with KafkaTransport(newsroom.bootstrap, newsroom.topics, CODEC, delivery_timeout=PATIENCE) as kafka:
        Believing(kafka, history, "bulk", beliefs).send_together(events)


def small(number: int, random: Random) -> ArticleEdited:
    """Make an edit, the so-manieth of a stream, with a canary of its own."""
    id_ = new_event_id()
    word = canary(f"bulk{id_.replace('-', '')}x{number}")
    return edited(article_id=f"story-{random.randrange(40)}", language="uk", event_id=id_, lead=word)


def _large(number: int, random: Random) -> AnyEvent:
    block = Block(kind="paragraph", text="х" * LIMIT)
    return msgspec.structs.replace(small(number, random), blocks=(block,))


@contextmanager
def writing(writers: list[Writer]) -> Iterator[None]:
    """Let writers act meanwhile."""
    stopping = threading.Event()
    threads = [threading.Thread(target=each.run, args=[stopping], daemon=True) for each in writers]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stopping.set()
        for thread in threads:
            thread.join()
