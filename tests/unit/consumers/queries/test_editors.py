"""What editors are told where there is nothing to tell, or where a tool's clock was out of its mind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support import fold_model as make
from support.batches import fold
from support.record_strategies import TOPIC
from support.writing import records_of
from unit.schemas.wire.test_codec_hostile import varint

from newsroom_consumers.database.sqlite import SqliteDatabase
from newsroom_consumers.log.record import Record
from newsroom_consumers.queries.answers import NotFoundError
from newsroom_consumers.queries.editors import EditorQueries

NEVER = 2**62
"""Microseconds; an instant that no calendar has."""


def of_no_year(record: Record) -> Record:
    """Return the record as a tool would write it whose clock says what no calendar has."""
    assert record.value is not None
    return record._replace(value=record.value.replace(varint(make.NOON), varint(NEVER)))


@pytest.fixture
def editors(tmp_path: Path) -> Iterator[EditorQueries]:
    """Ask about an article that was created by a tool with such a clock."""
    database = SqliteDatabase(tmp_path)
    fold([of_no_year(each) for each in records_of(make.created())], database, [500])
    with database.reading("main") as connection:
        yield EditorQueries(connection)


def test_an_instant_that_no_calendar_has_is_left_out_and_the_event_is_told(editors: EditorQueries) -> None:
    (told,) = editors.events("storm")
    assert (told.outcome, told.reason, told.occurred_at) == ("rejected", "invalid_content", None)


def test_what_is_not_parked_and_what_was_never_folded_is_not_found(editors: EditorQueries) -> None:
    with pytest.raises(NotFoundError, match="parked record of article storm"):
        editors.parked_records("storm")
    with pytest.raises(NotFoundError, match=f"record at {TOPIC} 0:99"):
        editors.outcome((TOPIC, 0, 99))
