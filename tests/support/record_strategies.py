"""Logs of records as a newsroom's topics might hold them: plausible events, tags, repeats, and garbage among them."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import msgspec
from hypothesis import strategies as st
from support import fold_model as make
from support.kit import CODEC
from support.strategies import ARTICLES, Entry, logs

from newsroom_consumers.log.kafka import placement
from newsroom_consumers.log.record import Record
from newsroom_schemas.events import AnyArticleEvent, AnyEvent, TagEvent, key_of

TOPIC = "newsroom.articles"
TAGS_TOPIC = "newsroom.tags"
PARTITIONS = {TOPIC: 4, TAGS_TOPIC: 1}
"""Of four partitions the two articles of the random logs have one each; of six they would share one."""
PLACE = placement(PARTITIONS)

TAGS = ("t1", "t2", "t3")
GARBAGE = (
    "no key",
    "bad key",
    "no value",
    "empty",
    "misplaced",
    *("truncated",) * 2,
    *("unknown schema",) * 2,
    "key of another",
    *("invalid content",) * 2,
    *("repeated",) * 3,
    *("repeated with another body",) * 2,
    *("tag defined",) * 6,
    *("tag merged",) * 6,
    "tag truncated",
)
"""What may lie between plausible events of articles, each as often as it is likely."""


def real(event: AnyEvent) -> Any:
    """Return an event with UUIDs in place of the short ids of the models."""
    given = {name: getattr(event, name, None) for name in ("event_id", "schedule_id")}
    changed = {name: str(uuid.uuid5(uuid.NAMESPACE_OID, id_)) for name, id_ in given.items() if id_ is not None}
    return msgspec.structs.replace(event, **changed)


def record_of(event: AnyEvent, *, offset: int = 0, timestamp: int = make.NOON) -> Record:
    """Write an event as the record that a tool would append, at an offset of its partition."""
    encoded = CODEC.encode(event)
    topic = TAGS_TOPIC if isinstance(event, TagEvent) else TOPIC
    key = key_of(event).encode()
    headers = tuple(encoded.headers)
    return Record(topic, PLACE(topic, key), offset, timestamp, key, encoded.value, headers)


class Garbage(msgspec.Struct, frozen=True):
    """Something unplanned in a log."""

    kind: str
    place: int
    """Number of plausible events before it."""
    article_id: str
    tag: str
    into: str | None


def records() -> st.SearchStrategy[list[Record]]:
    """Draw the records of a newsroom's topics, some offsets left out as by transactions."""
    garbage = st.builds(
        Garbage,
        st.sampled_from(GARBAGE),
        st.integers(0, 70),
        st.sampled_from(ARTICLES),
        st.sampled_from(TAGS),
        st.none() | st.sampled_from(TAGS),
    )
    gaps = st.sets(st.integers(0, 60), max_size=3)
    return st.builds(_log, logs(), st.lists(garbage, max_size=15), gaps)


def _log(entries: list[Entry], garbage: list[Garbage], gaps: set[int]) -> list[Record]:
    made: list[Record] = []
    for number, (event, recorded) in enumerate(entries):
        past = [each for each, _ in entries[:number]]
        unplanned = [each for each in garbage if each.place == number]
        made += [_unplanned(each, past, f"g{len(made) + place}") for place, each in enumerate(unplanned)]
        made = [each._replace(timestamp=each.timestamp or recorded.timestamp) for each in made]
        made.append(record_of(real(event), timestamp=recorded.timestamp))
    return numbered(made, gaps)


def numbered(made: list[Record], gaps: set[int]) -> list[Record]:
    """Return records numbered in log order; some numbers of the log are followed by a gap in their partition."""
    following: dict[tuple[str, int], int] = {}
    placed = []
    for number, record in enumerate(made):
        at = record.topic, record.partition
        offset = following.get(at, 0)
        following[at] = offset + (2 if number in gaps else 1)
        placed.append(record._replace(offset=offset))
    return placed


def _unplanned(garbage: Garbage, past: list[AnyArticleEvent], event_id: str) -> Record:
    """Make a record, without an instant yet, that is not as it should be, or speaks of a tag."""
    event = _surprise(garbage, [each for each in past if each.article_id == garbage.article_id], event_id)
    made = record_of(real(event), timestamp=0)
    spoil = SPOILERS.get(garbage.kind)
    return spoil(made) if spoil else made


def _surprise(garbage: Garbage, past: list[AnyArticleEvent], event_id: str) -> AnyEvent:
    """Make the event of such a record."""
    edited = make.edited(article_id=garbage.article_id, headline=event_id, event_id=event_id)
    match garbage.kind:
        case "tag defined" | "tag truncated":
            return msgspec.structs.replace(make.defined(garbage.tag, uk=event_id), event_id=event_id)
        case "tag merged":
            return msgspec.structs.replace(make.merged(garbage.tag, garbage.into), event_id=event_id)
        case "repeated" if past:
            return past[-1]
        case "repeated with another body" if past:
            return msgspec.structs.replace(edited, event_id=past[0].event_id)
    return edited


def _value(record: Record) -> bytes:
    assert record.value is not None
    return record.value


SPOILERS: dict[str, Callable[[Record], Record]] = {
    "no key": lambda record: record._replace(key=None),
    "bad key": lambda record: record._replace(key=b"\xff/", partition=PLACE(record.topic, b"\xff/")),
    "no value": lambda record: record._replace(value=None),
    "empty": lambda record: record._replace(value=b""),
    "misplaced": lambda record: record._replace(partition=(record.partition + 1) % PARTITIONS[record.topic]),
    "truncated": lambda record: record._replace(value=_value(record)[:-1]),
    "tag truncated": lambda record: record._replace(value=_value(record)[:-1]),
    "unknown schema": lambda record: record._replace(headers=(("schema", b"0" * 16),)),
    "key of another": lambda record: record._replace(key=b"other", partition=PLACE(record.topic, b"other")),
    "invalid content": lambda record: record._replace(value=_value(record).replace(b"olena", b"ol\0na")),
}
"""How each kind of garbage is made from a sound record."""
