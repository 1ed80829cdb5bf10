"""How answers are written: instants of every year, local times, addresses; and what a terminal is spared."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from newsroom_consumers.database.sqlite import SqliteDatabase
from newsroom_consumers.queries.readers import Site
from newsroom_infra.cli.shared.output import visible
from newsroom_schemas.instants import to_rfc3339

FIRST = -62_135_596_800_000_000
"""0001-01-01T00:00:00Z in microseconds."""
LAST = 253_402_300_799_999_999
"""9999-12-31T23:59:59.999999Z in microseconds."""


@pytest.mark.parametrize(
    ("instant", "text"),
    [(FIRST, "0001-01-01T00:00:00.000000Z"), (0, "1970-01-01T00:00:00.000000Z"), (LAST, "9999-12-31T23:59:59.999999Z")],
)
def test_an_instant_of_any_year_is_written_with_four_digits_of_year_and_six_of_second(instant: int, text: str) -> None:
    assert to_rfc3339(instant) == text


@pytest.mark.parametrize("zone", ["America/New_York", "Europe/Kyiv", "Asia/Tokyo"])
def test_the_first_and_the_last_instant_have_a_local_time_everywhere(zone: str) -> None:
    site = Site(("uk",), ZoneInfo(zone), lambda _: ())
    assert all(len(site.clock(instant)) == len("HH:MM") for instant in (FIRST, LAST))


def test_what_a_terminal_would_obey_is_replaced_wherever_it_stands() -> None:
    answer = {"headline": "a\x1b]0;owned\x07b", "items": ("\u202eb", 1, None), "lead": "line\nline\ttab"}
    assert visible(answer) == {
        "headline": "a\ufffd]0;owned\ufffdb",
        "items": ["\ufffdb", 1, None],
        "lead": "line\nline\ttab",
    }


@pytest.mark.parametrize("name", ["a#b", "a?mode=rw", "a%41", "стек 1", "a;b&c"])
def test_a_folder_may_have_any_name(tmp_path: Path, name: str) -> None:
    database = SqliteDatabase(tmp_path / name)
    with database.session("main").begin() as connection:
        connection.exec_driver_sql("CREATE TABLE cursor (x)")
    with database.reading("main") as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM cursor").scalar() == 0
    assert [path.name for path in tmp_path.iterdir()] == [name]
