"""The rules that need nothing but the record: it is decoded, rejected, or parked.

In their order: ``misplaced``, ``key_mismatch``, ``no_value``, bytes that do not decode (parked), ``invalid_content``.
The fold decides about all other records.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from newsroom_consumers.fold.outcome import Parked
from newsroom_consumers.log.chain import record_hash, value_sha
from newsroom_consumers.log.record import Record
from newsroom_schemas.catalogue import CATALOGUE
from newsroom_schemas.errors import UndecodableError
from newsroom_schemas.events import AnyEvent, RecordSkipped, TagEvent, key_of
from newsroom_schemas.rejections import KeyMismatch, Misplaced, NoValue, Rejected
from newsroom_schemas.validation import ID

if TYPE_CHECKING:
    from newsroom_schemas.wire.codec import Codec  # queries come by here, too, and Avro loads slowly


class JudgedRecord(NamedTuple):
    """A decoded record, and the verdict that follows from the record alone."""

    record: Record
    record_sha: bytes
    value_sha: bytes
    aggregate: str | None
    """The article's id, ``CATALOGUE``, or ``None`` if the record names neither."""
    event: AnyEvent | None
    verdict: Rejected | Parked | None
    """``None`` if the fold decides."""


class RecordReader:
    """Decodes and judges the records of a log with two topics."""

    def __init__(self, codec: Codec, *, tags_topic: str, place: Callable[[str, bytes], int]) -> None:
        """``tags_topic`` is the topic of the catalogue; ``place(topic, key)`` returns the partition of a key."""
        self._codec = codec
        self._tags_topic = tags_topic
        self._place = place

    def read(self, record: Record) -> JudgedRecord:
        """Return a record with its event and verdict. Nothing that a record can hold raises."""
        body = value_sha(record)
        aggregate, event, verdict = self._judge(record)
        return JudgedRecord(record, record_hash(record, body), body, aggregate, event, verdict)

    def _judge(self, record: Record) -> _Judged:
        """Apply the rules of key, place and value, then those of the body."""
        if record.key is None:
            return None, None, KeyMismatch(key=None, id=None)
        key = record.key.decode("utf-8", "backslashreplace")
        known = CATALOGUE if record.topic == self._tags_topic else key
        valid = ID.fullmatch(key) is not None
        if (expected := self._place(record.topic, record.key)) != record.partition:
            return known if valid else None, None, Misplaced(partition=record.partition, expected=expected)
        if not valid:
            return None, None, KeyMismatch(key=key, id=None)
        if record.value is None:
            return known, None, NoValue()
        return known, *self._judge_body(record.value, record, key)

    def _judge_body(self, value: bytes, record: Record, key: str) -> tuple[AnyEvent | None, Rejected | Parked | None]:
        try:
            decoded = self._codec.decode(value, record.headers)
        except UndecodableError as error:
            return None, Parked("decode", str(error))
        id_ = _own_id(decoded.event, is_tags=record.topic == self._tags_topic)
        if id_ != key:
            return decoded.event, KeyMismatch(key=key, id=id_)
        return decoded.event, decoded.problem


_Judged = tuple[str | None, AnyEvent | None, Rejected | Parked | None]


def _own_id(event: AnyEvent, *, is_tags: bool) -> str | None:
    """Return the id in the body, which the key must equal; ``None`` if the event belongs to the other topic.

    A ``RecordSkipped`` belongs to both topics: it lies in that of the record that it skips, under the same key.
    """
    if isinstance(event, TagEvent) is not is_tags and not isinstance(event, RecordSkipped):
        return None
    id_ = key_of(event)
    return id_ if id_.isascii() else id_.encode("utf-8", "backslashreplace").decode()
