"""The checker: a pure function over history, log and tables that names what must not be.

lost
    acknowledged, or in the log, and not where it has to be
duplicate
    one event that took effect twice
reordered
    acknowledged before another was sent, and behind it in the log; or folded out of the log's order
phantom
    a record or a row that nobody has sent
leaked
    text in a public table that is not published, or no more
diverged
    tables that are not the fold of the log
zombie-write
    a cursor that went back, rows past it, a write of an owner that was fenced
went-back
    what is live seen further before than after (by ``onlooker.py``, which looks while the storm rages)
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from chaos import leaks, reckoning, refold, trails
from chaos.evidence import Appended, Entry, Finding, Held, appended, place_of

from newsroom_consumers.log.record import Address, Partition, Record
from newsroom_consumers.store.tables import ARTICLE, EVENT

LOG = "log"
_NEVER_SENT = {"misplaced", "key_mismatch", "no_value", "invalid_content"}
"""Reasons of rejections that no tool of a run gives cause for; nor is there anything to be parked."""


def check(history: Sequence[Entry], records: Sequence[Record], generations: Iterable[Held]) -> list[Finding]:
    """Name everything that must not be, of any kind."""
    log = appended(records)
    found = [*_lost(history, log), *_phantoms(history, log), *_reordered(history, log)]
    for held in generations:
        found += check_generation(held, log)
    return found


def check_generation(held: Held, log: Sequence[Appended]) -> list[Finding]:
    """Name what must not be in one generation."""
    return [
        *_unfolded(held, log),
        *_strange_rows(held, log),
        *_effects(held),
        *_misordered(held),
        *leaks.check(held, log),
        *trails.check(held),
        *refold.check(held, log),
        *reckoning.check(held, log),
    ]


def _lost(history: Sequence[Entry], log: Sequence[Appended]) -> Iterator[Finding]:
    ids = {each.place: each.event_id for each in log}
    for entry in history:
        if entry.word == "acknowledged" and ids.get(entry.place or ("", 0, 0)) != entry.event_id:
            yield Finding("lost", LOG, f"{_named(entry)} was acknowledged at {_at(entry.place)} and is not there")


def _phantoms(history: Sequence[Entry], log: Sequence[Appended]) -> Iterator[Finding]:
    words: defaultdict[str, list[str]] = defaultdict(list)
    shas: defaultdict[str, set[str]] = defaultdict(set)
    for entry in history:
        words[entry.event_id].append(entry.word)
        if entry.sha:
            shas[entry.event_id].add(entry.sha)
    for each in log:
        said = words.get(each.event_id or "", [])
        if "invoked" not in said:
            yield Finding("phantom", LOG, f"nobody sent {each.event_id}, which is at {_at(each.place)}")
        elif said.count("failed") == said.count("invoked"):
            yield Finding("phantom", LOG, f"{each.event_id} was to have failed, and is at {_at(each.place)}")
        elif shas[each.event_id or ""] and _sha_of(each.record) not in shas[each.event_id or ""]:
            yield Finding("phantom", LOG, f"{each.event_id} at {_at(each.place)} has other bytes than were sent")


def _reordered(history: Sequence[Entry], log: Sequence[Appended]) -> Iterator[Finding]:
    """Hold that what was sent later lies later: after an acknowledgement for its key, or in one stream."""
    first: dict[str, Address] = {}
    for each in log:
        first.setdefault(each.event_id or "", each.place)
    for earlier, later in _orders([entry for entry in history if entry.event_id in first], first):
        if first[earlier.event_id] > first[later.event_id]:
            places = f"{_at(first[earlier.event_id])} and {_at(first[later.event_id])}"
            yield Finding("reordered", LOG, f"{_named(later)} was sent after {_named(earlier)}: they are at {places}")


def _orders(history: Sequence[Entry], first: Mapping[str, Address]) -> Iterator[tuple[Entry, Entry]]:
    """Return pairs of sends of one key of which the one was to be in the log before the other."""
    top: dict[str, Entry] = {}
    begun: set[str] = set()
    streams: dict[tuple[str, str], Entry] = {}
    for entry in history:
        if entry.word == "invoked" and entry.event_id not in begun:
            begun.add(entry.event_id)
            yield top.get(entry.key, entry), entry
        elif entry.word == "acknowledged":
            if entry.stream:
                yield streams.get((entry.stream, entry.key), entry), entry
                streams[entry.stream, entry.key] = entry
            if entry.key not in top or first[top[entry.key].event_id] < first[entry.event_id]:
                top[entry.key] = entry


def _unfolded(held: Held, log: Sequence[Appended]) -> Iterator[Finding]:
    """Hold that every record before a cursor has its row, and that the live generation is at the end of the log."""
    cursors, rows = held.cursors, {place_of(row) for row in held.rows(EVENT)}
    missing: Counter[Partition] = Counter()
    for each in log:
        at = Partition(*each.place[:2])
        if each.place[2] >= cursors.get(at, 0):
            missing[at] += held.live
        elif each.place not in rows:
            yield Finding("lost", held.name, f"{each.event_id} at {_at(each.place)} has no event row")
    for at, count in (+missing).items():
        yield Finding("lost", held.name, f"the live generation lacks the last {count} records of {at.topic}/{at[1]}")


def _strange_rows(held: Held, log: Sequence[Appended]) -> Iterator[Finding]:
    ids = {each.place: each.event_id for each in log}
    for row in held.rows(EVENT):
        place = place_of(row)
        if place not in ids or ids[place] != row["event_id"]:
            yield Finding("phantom", held.name, f"the row of {_at(place)} says {row['event_id']}, the log otherwise")
        if place[2] >= held.cursors.get(Partition(*place[:2]), 0):
            yield Finding("zombie-write", held.name, f"the row of {_at(place)} lies past the cursor")


def _effects(held: Held) -> Iterator[Finding]:
    """Hold that of all records of one event the first was decided, and no other."""
    decided: set[tuple[str, str]] = set()
    for row in held.rows(EVENT):
        event = (row["article_id"], row["event_id"])
        if row["outcome"] == "parked" or row["reason"] in _NEVER_SENT:
            said = f"{row['event_id']} was {row['outcome']} ({row['reason']}): nobody has sent what deserves that"
            yield Finding("lost", held.name, said)
        if event not in decided and row["outcome"] == "duplicate":
            yield Finding(
                "lost", held.name, f"{row['event_id']} at {_at(place_of(row))} is called a duplicate of nothing"
            )
        if event in decided and row["outcome"] != "duplicate":
            yield Finding(
                "duplicate", held.name, f"{row['event_id']} was {row['outcome']} again at {_at(place_of(row))}"
            )
        if row["outcome"] in {"applied", "rejected"}:
            decided.add(event)


def _misordered(held: Held) -> Iterator[Finding]:
    """Hold that the last event that changed an article is the last one of the log that did."""
    last: dict[str, int] = {}
    for row in held.rows(EVENT):
        if row["outcome"] == "applied":
            last[row["article_id"]] = row["offset"]
    for row in held.rows(ARTICLE):
        id_ = row["article_id"]
        if row["last_offset"] != last.get(id_):
            what = f"{id_} was changed last by offset {row['last_offset']}, its last event lies at {last.get(id_)}"
            yield Finding("reordered", held.name, what)


def _sha_of(record: Record) -> str:
    return hashlib.sha256(record.value or b"").hexdigest()


def _named(entry: Entry) -> str:
    return f"{entry.type} {entry.event_id} of {entry.key}"


def _at(place: Address | None) -> str:
    return "no place" if place is None else f"{place[0]}/{place[1]}:{place[2]}"
