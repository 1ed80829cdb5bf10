"""Lines of JSON as events: what they may leave out, and how a bad one is named."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsroom_producers.importers.emit import EventReader, result_json, send_lines
from newsroom_producers.importers.lines import Line
from newsroom_producers.receipts import Receipt, Refusal, Sendable, SendResult
from newsroom_schemas.errors import NewsroomError, UnreadableLineError
from newsroom_schemas.events import EVENTS, AnyEvent, ArticleCreated, ArticlePublished
from newsroom_schemas.values import Block
from newsroom_schemas.wire.codec import Codec
from newsroom_schemas.wire.released import ReleasedSchemas

NOON = datetime(2025, 2, 7, 12, tzinfo=UTC)
CODEC = Codec(ReleasedSchemas.load())


def reader() -> EventReader:
    """Make a reader with a clock that stands."""
    return EventReader(actor="olena", source="newsroom-emit", clock=lambda: NOON, new_id=lambda: "an-id")


def read(**fields: Any) -> AnyEvent:
    """Read one event."""
    return reader()(json.dumps(fields).encode())[0]


def test_a_line_leaves_to_the_tool_what_the_tool_knows() -> None:
    assert read(type="ArticlePublished", article_id="storm", language="uk") == ArticlePublished(
        event_id="an-id",
        occurred_at=1_738_929_600_000_000,
        actor="olena",
        source="newsroom-emit",
        article_id="storm",
        language="uk",
    )


def test_what_a_line_says_stands() -> None:
    said = {"event_id": "mine", "occurred_at": "1970-01-01T00:00:00.000001Z", "actor": "a", "source": "s"}
    assert read(
        type="ArticleCreated", article_id="a", language="uk", slug="s", headline="h", blocks=[{"kind": "quote"}], **said
    ) == (
        ArticleCreated(
            event_id="mine",
            occurred_at=1,
            actor="a",
            source="s",
            article_id="a",
            language="uk",
            slug="s",
            headline="h",
            blocks=(Block(kind="quote"),),
        )
    )


@pytest.mark.parametrize(
    ("text", "microseconds"),
    [
        ("2025-02-07T20:35:00+02:00", 1_738_953_300_000_000),
        ("2025-02-07T18:35:00Z", 1_738_953_300_000_000),
        ("2025-02-07T13:05:00.123456-05:30", 1_738_953_300_123_456),
    ],
)
def test_an_instant_of_any_offset_is_microseconds_of_utc(text: str, microseconds: int) -> None:
    event = read(type="ArticlePublished", article_id="a", language="uk", published_at=text)
    assert isinstance(event, ArticlePublished)
    assert event.published_at == microseconds


PUBLISHED = '"type": "ArticlePublished", "article_id": "a", "language": "uk"'


@pytest.mark.parametrize(
    ("line", "named"),
    [
        (b"nonsense", "is not JSON"),
        (b"[1]", "is not a JSON object"),
        (b"\xff{}", "is not UTF-8"),
        (b"[" * 100_000, "is nested too deep"),
        (b"{}", 'no field "type"'),
        (b'{"type": "ArticlePublishd"}', "no event 'ArticlePublishd'"),
        (b'{"type": ["ArticlePublished"]}', "no event"),
        (b'{"type": "ArticlePublished", "article_id": "a"}', "missing required field `language`"),
        (b'{%b, "publihed_at": null}', "unknown field `publihed_at`"),
        (b'{%b, "expected_version": "1"}', r"got `str` - at `\$\.expected_version`"),
        (b'{%b, "note": {"kind": "update", "text": 5}}', r"at `\$\.note\.text`"),
        (b'{%b, "published_at": 5}', r"published_at: is not an RFC 3339"),
        (b'{%b, "published_at": "yesterday"}', r"published_at: 'yesterday' is not an RFC 3339"),
        (b'{%b, "published_at": "2025-02-07T18:35:00"}', "published_at: .* with an offset"),
        (b'{%b, "published_at": "2025-02-07T18:35:00.1234567Z"}', "published_at: .* finer than a microsecond"),
        (b'{%b, "occurred_at": null}', r"at `\$\.occurred_at`"),
        (
            b'{"type": "ArticleEdited", "article_id": "a", "language": "uk", "blocks": {"data": "", "schema": ""}}',
            "blocks: is not a list",
        ),
    ],
)
def test_a_bad_line_is_refused_by_the_name_of_what_is_bad(line: bytes, named: str) -> None:
    text = line.replace(b"%b", PUBLISHED.encode())
    with pytest.raises(NewsroomError, match=named):
        reader()(text)


def or_error(text: bytes) -> None:
    """Read a line and encode its event, or take a named error: anything else is raised."""
    try:
        CODEC.encode(reader()(text)[0])
    except NewsroomError as error:
        assert str(error)  # noqa: PT017 - either outcome is good


@given(st.binary() | st.text().map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_are_an_event_or_a_named_error(text: bytes) -> None:
    or_error(text)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(data=st.data(), name=st.sampled_from(sorted(EVENTS)))
def test_any_values_in_the_fields_of_an_event_are_an_event_or_a_named_error(data: st.DataObject, name: str) -> None:
    good: dict[str, Any] = {
        "event_id": "01890000-0000-7000-8000-000000000000",
        "article_id": "a",
        "tag_id": "t",
        "language": "uk",
        "slug": "s",
        "headline": "h",
        "blocks": [{"kind": "list", "items": ["x"]}],
        "authors": [{"id": "a", "name": "A"}],
        "publish_at": "2025-02-07T18:35:00Z",
    }
    fields = {field: good[field] for field in EVENTS[name].__struct_fields__ if field in good}
    for field in data.draw(st.sets(st.sampled_from(EVENTS[name].__struct_fields__), max_size=3)):
        fields[field] = data.draw(JSON_VALUES)
    or_error(json.dumps({"type": name, **fields}).encode())


class Echo:
    """A transport that gives every event a receipt."""

    def send(self, event: AnyEvent) -> Receipt:
        """Return a receipt."""
        return Receipt(event_id=event.event_id, topic="t", partition=0, offset=7)

    def send_all(self, events: Iterable[Sendable]) -> Iterator[SendResult]:
        """Answer each event."""
        for item in events:
            if isinstance(item, Refusal):
                yield item
            elif item is not None:
                yield from map(self.send, item if isinstance(item, tuple) else (item,))


def test_each_line_is_answered_in_its_place() -> None:
    good = b'{"type": "ArticleReleased", "article_id": "a"}'
    too_long = UnreadableLineError("is too long")
    lines = [Line(1, good), None, Line(3, b"?"), Line(4, too_long), Line(5, good)]
    given_answers = [msgspec.json.decode(result_json(*each)) for each in send_lines(lines, reader(), Echo())]
    receipt = {"event_id": "an-id", "topic": "t", "partition": 0, "offset": 7}
    assert given_answers == [
        receipt,
        {"line": 3, "error": "is not JSON: JSON is malformed: invalid character (byte 0)"},
        {"line": 4, "error": "is too long"},
        receipt,
    ]
