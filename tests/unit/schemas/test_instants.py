"""TIME on the command line: one instant, or a refusal that says what to write instead."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsroom_infra.cli.shared.instants import InstantError, instant, instant_given
from newsroom_schemas.instants import to_rfc3339

KYIV = ZoneInfo("Europe/Kyiv")

READ = {
    "2025-02-07T18:35:00Z": "2025-02-07T18:35:00.000000Z",
    "2025-02-07t18:35:00z": "2025-02-07T18:35:00.000000Z",
    "2025-02-07T20:35:00+02:00": "2025-02-07T18:35:00.000000Z",
    "2025-02-07 20:35": "2025-02-07T18:35:00.000000Z",
    "2025-02-07T20:35:10": "2025-02-07T18:35:10.000000Z",
    "2025-07-07 20:35:10.5": "2025-07-07T17:35:10.500000Z",
    "2025-02-07T18:35:00.123456999Z": "2025-02-07T18:35:00.123456Z",
    "2025-03-30 02:59:59": "2025-03-30T00:59:59.000000Z",
    "2025-03-30 04:00": "2025-03-30T01:00:00.000000Z",
    "2025-10-26T03:30+03:00": "2025-10-26T00:30:00.000000Z",
    "2025-10-26T03:30+02:00": "2025-10-26T01:30:00.000000Z",
}


@pytest.mark.parametrize("text", READ)
def test_an_instant_is_rfc_3339_or_a_local_time(text: str) -> None:
    assert to_rfc3339(instant(text, KYIV)) == READ[text]


REFUSED = {
    "2025-03-30 03:30": "does not exist in Europe/Kyiv.*2025-03-30T03:30:00[+]02:00 or 2025-03-30T03:30:00[+]03:00",
    "2025-10-26 03:30": "comes twice in Europe/Kyiv.*2025-10-26T03:30:00[+]03:00 or 2025-10-26T03:30:00[+]02:00",
    "2025-02-07": "write the time of day too, such as '2025-02-07 20:35'",
    "yesterday": "is not an instant: write 2025-02-07T18:35:00Z",
    "20250207T2035": "is not an instant: write",
    "2025-W06-5T20:35": "is not an instant: write",
    "2025-02-30 20:35": "is not an instant: day is out of range",
    "2025-02-07 24:30": "is not an instant",
    "0001-01-01T00:00:00+05:00": "is not an instant",
    "2025-02-07T20:35:00+99:00": "is not an instant",
    "": "is not an instant",
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_names_no_instant_or_two_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(InstantError, match=REFUSED[text]):
        instant(text, KYIV)


@given(
    st.datetimes(datetime(1970, 1, 2), datetime(2037, 12, 30)),  # noqa: DTZ001 - local by purpose
    st.sampled_from(["Europe/Kyiv", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]),
)
def test_a_local_time_is_read_as_the_clock_showed_it_or_refused_with_two_that_are_read(
    wall: datetime, key: str
) -> None:
    zone = ZoneInfo(key)
    try:
        microseconds = instant(wall.isoformat(sep=" "), zone)
    except InstantError as error:
        _, _, choices = str(error).rpartition("write ")
        first, second = (instant(choice, zone) for choice in choices.split(" or "))
        assert abs(first - second) in {1_800_000_000, 3_600_000_000}
        return
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
    assert at.astimezone(zone).replace(tzinfo=None) == wall


def test_a_parameter_is_read_in_the_newsrooms_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSROOM_TIMEZONE", "Asia/Kathmandu")
    assert to_rfc3339(instant_given("2025-02-07 20:35")) == "2025-02-07T14:50:00.000000Z"
