"""The checker on histories, logs and tables made by hand: what is sound gives nothing, each fault has its name."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import pytest
from chaos import refold
from chaos.checker import check
from chaos.evidence import Entry, Held, Move, Word
from chaos.leaks import canary
from support.fold_model import created, edited, published, unpublished
from support.kit import TABLES, Tables
from support.record_strategies import PARTITIONS, TAGS_TOPIC, TOPIC, numbered, real, record_of

from newsroom_consumers.log.record import Address, Partition, Record
from newsroom_schemas.events import AnyEvent, key_of

STORY: tuple[AnyEvent, ...] = tuple(
    real(event)
    for event in (
        created(event_id="e1", lead=canary("one")),
        published(event_id="e2"),
        edited(event_id="e3", lead=canary("two")),
        created(article_id="b", event_id="e4"),
    )
)
RECORDS = numbered([record_of(event) for event in STORY], set())


def place(number: int) -> Address:
    """Return where an event of the story lies."""
    return RECORDS[number][:3]


def said(word: Word, number: int, at: Address | None = None, writer: str = "olena") -> Entry:
    """Make a line of the history."""
    event = STORY[number]
    return Entry(
        word=word, writer=writer, event_id=event.event_id, key=key_of(event), type=type(event).__name__, place=at
    )


HISTORY = [
    each
    for number in range(len(STORY))
    for each in (said("invoked", number), said("acknowledged", number, place(number)))
]


def ends(records: Sequence[Record]) -> dict[Partition, int]:
    """Return behind which offset each partition ends."""
    cut = {Partition(topic, number): 0 for topic, count in PARTITIONS.items() for number in range(count)}
    for record in records:
        cut[Partition(record.topic, record.partition)] = record.offset + 1
    return cut


def held(records: Sequence[Record] = RECORDS, *, live: bool = True, trail: Sequence[Move] = ()) -> Held:
    """Fold records as a sound worker does."""
    return Held(name="main", live=live, tables=refold.fold(records, ends(records)), trail=trail)


def changed(generation: Held, table: str, change: Callable[[dict[str, Any]], dict[str, Any] | None]) -> Held:
    """Change rows of a table, given by the names of columns; ``None`` takes one out."""
    (found,) = (each for each in TABLES if each.name == table)
    rows = [change(row) for row in generation.rows(found)]
    made: Tables = {table: [tuple(row.values()) for row in rows if row is not None]}
    return msgspec.structs.replace(generation, tables=generation.tables | made)


def kinds(
    history: Sequence[Entry] = HISTORY, records: Sequence[Record] = RECORDS, generation: Held | None = None
) -> set[str]:
    """Return the kinds of what is found."""
    return {each.kind for each in check(history, records, [generation or held(records)])}


def test_a_sound_run_gives_no_finding() -> None:
    assert kinds() == set()


def test_a_partition_that_nobody_has_taken_yet_is_no_finding() -> None:
    early = changed(held(RECORDS[:0], live=False), "cursor", lambda row: row if row["topic"] == TOPIC else None)
    assert kinds(generation=early) == set()


def test_a_send_whose_end_nobody_knows_may_be_in_the_log_or_not() -> None:
    unknown = [*HISTORY[:-1], said("unknown", 3)]
    assert kinds(unknown) == set()
    assert kinds(unknown, RECORDS[:-1]) == set()


def test_an_acknowledged_event_that_is_not_in_the_log_is_lost() -> None:
    assert kinds(records=RECORDS[:-1]) == {"lost"}


def test_another_record_in_an_acknowledged_place_is_lost_too() -> None:
    assert kinds([*HISTORY[:-1], said("acknowledged", 3, place(0))]) == {"lost"}


def test_a_record_before_the_cursor_without_an_event_row_is_lost() -> None:
    assert "lost" in kinds(generation=changed(held(), "event", lambda row: None if row["offset"] == 1 else row))


def test_a_live_generation_that_has_not_come_to_the_end_is_lost_and_another_may_stand_where_it_was_left() -> None:
    assert kinds(generation=held(RECORDS[:2])) == {"lost"}
    assert kinds(generation=held(RECORDS[:2], live=False)) == set()


def test_an_event_that_took_effect_twice_is_a_duplicate() -> None:
    twice = numbered([*RECORDS, record_of(STORY[2])], set())
    assert kinds(records=twice) == set()
    again = changed(held(twice), "event", lambda row: row | {"outcome": "applied"})
    assert "duplicate" in kinds(records=twice, generation=again)


@pytest.mark.parametrize("words", [{"outcome": "parked"}, {"outcome": "rejected", "reason": "misplaced"}])
def test_a_record_that_is_parked_or_refused_by_itself_is_lost_since_nobody_sends_such(words: dict[str, str]) -> None:
    strange = changed(held(), "event", lambda row: row | (words if row["offset"] == 0 else {}))
    assert "lost" in kinds(generation=strange)


def test_a_duplicate_of_nothing_is_lost() -> None:
    called = changed(held(), "event", lambda row: row | ({"outcome": "duplicate"} if row["offset"] == 0 else {}))
    assert "lost" in kinds(generation=called)


def test_other_bytes_than_were_sent_are_a_phantom() -> None:
    sent = [msgspec.structs.replace(each, sha=hashlib.sha256(RECORDS[0].value or b"").hexdigest()) for each in HISTORY]
    assert kinds(sent[:2], RECORDS[:1]) == set()
    assert kinds(sent) == {"phantom"}


def test_a_record_that_is_no_event_is_a_phantom() -> None:
    broken = RECORDS[0]._replace(value=b"no event", offset=RECORDS[0].offset + 9)
    assert "phantom" in kinds(records=[*RECORDS, broken], generation=held())


def test_a_send_whose_end_nobody_knows_may_not_lie_before_what_was_acknowledged_before_it_began() -> None:
    swapped = numbered([RECORDS[0], RECORDS[2], RECORDS[1], RECORDS[3]], set())
    places = {0: swapped[0][:3], 1: swapped[2][:3], 3: swapped[3][:3]}
    history = [each for n in places for each in (said("invoked", n), said("acknowledged", n, places[n]))]
    assert kinds([*history, said("invoked", 2), said("unknown", 2)], swapped) == {"reordered"}


def test_an_event_sent_after_another_was_acknowledged_may_not_lie_before_it() -> None:
    swapped = numbered([RECORDS[0], RECORDS[2], RECORDS[1], RECORDS[3]], set())
    places = {0: swapped[0][:3], 1: swapped[2][:3], 2: swapped[1][:3], 3: swapped[3][:3]}
    history = [each for n in range(4) for each in (said("invoked", n), said("acknowledged", n, places[n]))]
    assert kinds(history, swapped) == {"reordered"}
    at_once = [said("invoked", 2, writer="petro"), *(each for each in history if each != said("invoked", 2))]
    assert kinds(at_once, swapped) == set()


def test_events_of_one_stream_may_not_lie_in_another_order() -> None:
    swapped = numbered([RECORDS[0], RECORDS[2], RECORDS[1]], set())
    places = {0: swapped[0][:3], 1: swapped[2][:3], 2: swapped[1][:3]}
    together = [said("invoked", n) for n in range(3)] + [said("acknowledged", n, places[n]) for n in range(3)]
    assert kinds(together, swapped) == set()
    stream = [msgspec.structs.replace(each, stream="olena-1") for each in together]
    assert kinds(stream, swapped) == {"reordered"}


def test_an_article_whose_last_change_is_not_its_last_event_is_reordered() -> None:
    assert "reordered" in kinds(generation=changed(held(), "article", lambda row: row | {"last_offset": 0}))


def test_a_record_that_nobody_sent_and_one_that_had_failed_are_phantoms() -> None:
    assert kinds(HISTORY[:-2]) == {"phantom"}
    assert kinds([*HISTORY[:-1], said("failed", 3)]) == {"phantom"}


def test_a_record_that_failed_once_and_may_be_there_by_another_try_is_none() -> None:
    assert kinds([*HISTORY[:-1], said("unknown", 3), said("invoked", 3), said("failed", 3)]) == set()


def test_an_event_row_of_another_event_is_a_phantom() -> None:
    strange = changed(held(), "event", lambda row: row | ({"event_id": "x"} if row["offset"] == 1 else {}))
    assert "phantom" in kinds(generation=strange)


def test_a_draft_in_a_public_table_is_leaked() -> None:
    shown = changed(held(), "published", lambda row: row | {"lead": canary("two")})
    assert "leaked" in kinds(generation=shown)


def test_withdrawn_text_in_a_public_table_is_leaked() -> None:
    records = numbered([*RECORDS, record_of(real(unpublished(event_id="e5")))], set())
    left = held(records)
    assert "leaked" not in kinds(records=records, generation=left)
    back = msgspec.structs.replace(left, tables=left.tables | {"published": held().tables["published"]})
    assert "leaked" in kinds(records=records, generation=back)


def test_one_other_value_in_any_table_is_diverged() -> None:
    assert "diverged" in kinds(generation=changed(held(), "timeline", lambda row: row | {"main": 1}))


def test_rows_past_the_cursor_are_a_zombies() -> None:
    back = changed(held(live=False), "cursor", lambda row: row | {"next_offset": 0})
    assert "zombie-write" in kinds(generation=back)


@pytest.mark.parametrize(
    "trail",
    [
        [Move(TOPIC, 0, 5, 1, "a"), Move(TOPIC, 0, 3, 1, "a")],
        [Move(TOPIC, 0, 5, 2, "a"), Move(TOPIC, 0, 5, 1, "a")],
        [Move(TOPIC, 0, 5, 1, "a"), Move(TOPIC, 0, 5, 2, "b"), Move(TOPIC, 0, 6, 2, "a")],
    ],
    ids=["the cursor went back", "the epoch went back", "the writer was fenced"],
)
def test_a_cursor_that_went_back_or_was_moved_by_a_fenced_owner_is_a_zombies(trail: list[Move]) -> None:
    assert kinds(generation=held(trail=trail)) == {"zombie-write"}


END = ends(RECORDS)[Partition(*RECORDS[0][:2])]
AT = RECORDS[0][:2]


def test_owners_that_follow_each_other_are_none() -> None:
    first = [Move(*AT, 0, 1, "a"), Move(TAGS_TOPIC, 0, 0, 1, "b"), Move(*AT, END - 1, 1, "a")]
    second = [Move(*AT, END - 1, 2, "b"), Move(*AT, END, 2, "b")]
    assert kinds(generation=held(trail=[*first, *second])) == set()


def test_a_write_behind_the_fence_of_a_promotion_is_a_zombies_where_no_session_is_known_too() -> None:
    fenced = [Move(*AT, END - 1, 1, None, "worker"), Move(*AT, END - 1, 2, None, "promote")]
    taken = [Move(*AT, END - 1, 3, None, "follower"), Move(*AT, END, 3, None, "follower")]
    assert kinds(generation=held(trail=[*fenced, Move(*AT, END, 2, None, "promote")])) == {"zombie-write"}
    assert kinds(generation=held(trail=[*fenced, *taken])) == set()


def test_a_cursor_that_does_not_stand_where_its_last_write_left_it_is_a_zombies() -> None:
    assert kinds(generation=held(trail=[Move(*AT, END + 1, 1, "a")])) == {"zombie-write"}
