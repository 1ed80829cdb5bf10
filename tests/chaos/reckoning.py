"""The reckoning: outcomes, tables and seals as they have to be, reckoned from the log without the product's fold.

A fold of the log by the product itself says that nothing else has happened to the tables; it has every fault of the
product too. Here nothing of it is used but the reading of records: see `meaning` for what events mean. Of an article
with parked records nothing is said.
"""

from __future__ import annotations

import hashlib
import struct
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from chaos.evidence import Appended, Finding, Held, place_of
from chaos.meaning import CATALOGUE, Newsroom, Verdict
from chaos.stories import Edition, Story
from sqlalchemy import Table
from support.kit import TABLES

from newsroom_consumers.log.record import Address, Partition, Record
from newsroom_consumers.projections import public_names
from newsroom_consumers.store.tables import CURSOR, EVENT
from newsroom_schemas.values import StoredBlocks

_NAMED = 3
"""Rows to name of each table."""
_JSON = frozenset({"content", "image", "authors", "tags", "flags", "notes", "labels"})
"""Columns that hold JSON."""
_WAITING = frozenset({"parked", "skipped"})
RECKONED = frozenset({"article", "edition", "published", "gone", "timeline", "tag_entry", "tag"})
"""Tables of which every row is reckoned, and every column."""

Row = dict[str, Any]
Rows = Iterator[tuple[str, Row]]
"""Rows with the names of their tables."""


def check(held: Held, log: Sequence[Appended]) -> Iterator[Finding]:
    """Name outcomes, rows, hashes and chains of a generation that are not those of its part of the log."""
    known = {place_of(row): row for row in held.rows(EVENT)}
    waiting = {str(row["article_id"]) for row in known.values() if row["outcome"] in _WAITING}
    folded = [each for each in log if each.place[2] < held.cursors.get(Partition(*each.place[:2]), 0)]
    newsroom = Newsroom()
    verdicts = {each.place: newsroom.hear(each) for each in folded}
    yield from _outcomes(held, known, verdicts, waiting)
    yield from _tables(held, newsroom, waiting)
    yield from _seals(held, known, [each.record for each in folded])


def _outcomes(
    held: Held, known: Mapping[Address, Row], verdicts: Mapping[Address, Verdict], waiting: set[str]
) -> Iterator[Finding]:
    """Compare what became of records with what has to; of each article only the first is named, others follow it."""
    wrong = set(waiting)
    for place, verdict in verdicts.items():
        row = known.get(place)
        if row is None or row["article_id"] in wrong:
            continue
        was = Verdict(row["outcome"], row["reason"])
        if was != verdict:
            wrong.add(row["article_id"])
            what = f"{row['type']} {row['event_id']} at {place[0]}/{place[1]}:{place[2]} is {was}, not {verdict}"
            yield Finding(_kind(was, verdict), held.name, what)


def _kind(was: Verdict, verdict: Verdict) -> str:
    """Name what is wrong with an outcome."""
    match (was.outcome, verdict.outcome):
        case ("applied", "duplicate"):
            return "duplicate"
        case ("rejected" | "duplicate", "applied"):
            return "lost"
    return "diverged"


def _tables(held: Held, newsroom: Newsroom, waiting: set[str]) -> Iterator[Finding]:
    """Compare every table with the rows that it has to have, both ways."""
    wanted: defaultdict[str, list[Row]] = defaultdict(list)
    for name, row in _wanted(newsroom):
        wanted[name].append(row)
    for table in TABLES:
        if table.name in RECKONED:
            yield from _table(held, table, wanted[table.name], waiting)


def _table(held: Held, table: Table, wanted: Sequence[Row], waiting: set[str]) -> Iterator[Finding]:
    keys = [column.name for column in table.primary_key.columns]
    is_, should = (
        {tuple(row[key] for key in keys): row for row in rows if row.get("article_id", CATALOGUE) not in waiting}
        for rows in (held.rows(table), wanted)
    )
    odd = {key for key in is_.keys() & should.keys() if _plain(is_[key]) != should[key]}
    words = {
        "lost": ("are missing from", should.keys() - is_.keys()),
        "leaked" if table.name in public_names() else "phantom": ("are not to be in", is_.keys() - should.keys()),
        "diverged": ("are not right in", odd),
    }
    for kind, (what, places) in words.items():
        if places:
            some = ", ".join("/".join(map(str, key)) for key in sorted(places)[:_NAMED])
            yield Finding(kind, held.name, f"{len(places)} rows {what} {table.name}, reckoned from the log: {some}")


def _plain(row: Row) -> Row:
    """Return a row with JSON and bytes as values."""
    return {name: _value(name, stored) for name, stored in row.items()}


def _value(name: str, stored: Any) -> Any:
    if isinstance(stored, memoryview):
        return bytes(stored)
    return msgspec.json.decode(stored) if name in _JSON and stored is not None else stored


def _wanted(newsroom: Newsroom) -> Rows:
    for tag_id, tag in newsroom.tags.items():
        yield "tag", {"tag_id": tag_id, "into_id": tag.into, "labels": tag.labels}
    for id_, story in newsroom.stories.items():
        yield "article", _article(id_, story)
        for language, edition in story.editions.items():
            key = {"article_id": id_, "language": language}
            yield "edition", key | _edition(edition)
            if edition.status == "live":
                yield from _public(key, edition.page)
            elif edition.status == "gone":
                yield "gone", key | edition.page


def _article(id_: str, story: Story) -> Row:
    names = ("card_version", "embargo_until", "hold", "last_offset")
    return {"article_id": id_, **story.card, **{name: getattr(story, name) for name in names}}


def _edition(edition: Edition) -> Row:
    texts, lineage, run, plan = edition.texts, edition.lineage, edition.run, edition.schedule
    return {
        "version": edition.version,
        "content": _json({name: text for name, text in texts.items() if name != "blocks"}),
        **_blocks(texts["blocks"]),
        "source_language": lineage.source_language if lineage else None,
        "source_version": lineage.source_version if lineage else None,
        "translator": lineage.translator if lineage else None,
        "method": lineage.method if lineage else None,
        "status": edition.status,
        "published_version": run.version if run else None,
        "published_card": run.card_version if run else None,
        "first_published_at": run.instants[0] if run else None,
        "first_event_id": run.first_event_id if run else None,
        "updated_at": run.updated_at if run else None,
        "notes": edition.notes,
        "schedule_at": plan.publish_at if plan else None,
        "schedule_id": plan.event_id if plan else None,
        "changed_by": edition.changed[0],
        "changed_at": edition.changed[1],
    }


def _public(key: Row, page: Row) -> Rows:
    """Return the rows of one edition that readers see: its page, its place in the timeline, one for each tag."""
    shown = {name: value for name, value in page.items() if name not in {"legacy_urls", "blocks"}}
    pictured = {"image": _json(page["image"]), "authors": _json(page["authors"])}
    yield "published", key | shown | pictured | _blocks(page["blocks"])
    listed = {name: page[name] for name in ("first_published_at", "first_event_id", "slug", "headline", "flags")}
    more = {"section": page["section"], "updated_at": page["updated_at"], "main": int("main" in page["flags"])}
    yield "timeline", key | listed | more
    for tag_id in page["tags"]:
        yield "tag_entry", key | listed | {"tag_id": tag_id}


def _blocks(blocks: StoredBlocks | tuple[()]) -> Row:
    if isinstance(blocks, StoredBlocks):
        return {"blocks": bytes(blocks.data), "blocks_schema": blocks.schema}
    return {"blocks": None, "blocks_schema": None}


def _json(value: Any) -> Any:
    return msgspec.json.decode(msgspec.json.encode(value))


class _Seal(NamedTuple):
    """What a cursor says of the records before it."""

    last_offset: int | None = None
    last: bytes | None = None
    chain: bytes = bytes(32)


def _seals(held: Held, known: Mapping[Address, Row], records: Sequence[Record]) -> Iterator[Finding]:
    """Compare the hashes of event rows and the chains of cursors with those that are made of the records anew."""
    seals: defaultdict[tuple[str, int], _Seal] = defaultdict(_Seal)
    wrong: defaultdict[tuple[str, int], list[int]] = defaultdict(list)
    for record in records:
        at = (record.topic, record.partition)
        sha = _sha(_canonical(record))
        row = known.get(record[:3])
        if row is not None and (row["record_sha"], row["value_sha"]) != (sha, _sha(record.value or b"")):
            wrong[at].append(record.offset)
        seals[at] = _Seal(record.offset, sha, _sha(seals[at].chain + sha))
    for (topic, number), offsets in wrong.items():
        what = f"{len(offsets)} hashes of {topic}/{number} are not those of the records, first at {offsets[0]}"
        yield Finding("diverged", held.name, what)
    for row in held.rows(CURSOR):
        at = (row["topic"], row["partition"])
        if (row["last_offset"], row["last"], row["chain"]) != seals[at]:
            yield Finding("diverged", held.name, f"the cursor of {at[0]}/{at[1]} does not seal the records before it")


def _canonical(record: Record) -> bytes:
    """Write a record as it is hashed: each part that has no fixed length behind its length."""
    names_and_values = [part for name, value in record.headers for part in (name.encode(), value)]
    head = struct.pack(">qq", record.offset, record.timestamp) + _measured(record.key)
    body = _measured(None if record.value is None else _sha(record.value))
    return head + struct.pack(">I", len(record.headers)) + b"".join(map(_measured, names_and_values)) + body


def _measured(part: bytes | None) -> bytes:
    return struct.pack(">i", -1) if part is None else struct.pack(">I", len(part)) + part


def _sha(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()
