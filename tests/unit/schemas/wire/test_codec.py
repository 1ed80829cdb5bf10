"""What is encoded is decoded; what breaks the contract is not encoded; older schemas are read like the newest."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

import msgspec
import pytest
from fastavro import schemaless_writer
from golden.samples import SAMPLES
from hypothesis import given, settings
from support.event_strategies import events, events_of
from support.examples import examples

from newsroom_schemas.errors import EventTooLargeError, InvalidEventError, UndecodableError
from newsroom_schemas.events import EVENTS, AnyEvent, ArticleCreated
from newsroom_schemas.validation import MAX_EVENT_BYTES
from newsroom_schemas.values import Block, StoredBlocks
from newsroom_schemas.wire.codec import Codec
from newsroom_schemas.wire.reader import FRAME_BYTES
from newsroom_schemas.wire.released import ReleasedSchemas, Schema, read_schema

RELEASED = ReleasedSchemas.load()
CODEC = Codec(RELEASED)


def back(event: AnyEvent, codec: Codec = CODEC) -> AnyEvent:
    """Send an event through the log and decode its blocks."""
    encoded = CODEC.encode(event)
    decoded = codec.decode(encoded.value, encoded.headers)
    assert decoded.problem is None
    stored = getattr(decoded.event, "blocks", None)
    return msgspec.structs.replace(decoded.event, blocks=codec.blocks(stored)) if stored else decoded.event


def changed(name: str, **fields: Any) -> AnyEvent:
    """Return a sample event with some fields replaced."""
    return msgspec.structs.replace(SAMPLES[name], **fields)


def block(**fields: Any) -> tuple[Block]:
    """Make the body of one block."""
    return (Block(**({"kind": "paragraph"} | fields)),)


@pytest.mark.parametrize("name", EVENTS)
def test_every_event_comes_back_as_it_was(name: str) -> None:
    @given(event=events_of(name))
    @settings(max_examples=examples(25), deadline=None)
    def holds(event: AnyEvent) -> None:
        assert back(event) == event

    holds()


@pytest.mark.parametrize("name", ["ArticleCreated", "ArticleEdited", "ArticleTranslated"])
def test_no_blocks_come_back_as_none_at_all(name: str) -> None:
    """Stored blocks are never empty, so that one question tells whether an edition has a body."""
    encoded = CODEC.encode(changed(name, blocks=()))
    assert CODEC.decode(encoded.value, encoded.headers).event == changed(name, blocks=())


def test_blocks_that_an_edit_leaves_alone_come_back_as_null() -> None:
    assert back(changed("ArticleEdited", blocks=None)).blocks is None  # type: ignore[union-attr]


def test_blocks_stay_the_bytes_that_the_record_holds() -> None:
    encoded = CODEC.encode(SAMPLES["ArticleCreated"])
    event = CODEC.decode(encoded.value, encoded.headers).event
    assert isinstance(event, ArticleCreated)
    assert isinstance(event.blocks, StoredBlocks)
    assert encoded.value.endswith(event.blocks.data)
    assert CODEC.blocks(event.blocks) == SAMPLES["ArticleCreated"].blocks  # type: ignore[union-attr]


@given(event=events)
@settings(max_examples=examples(100), deadline=None)
def test_an_event_that_was_read_is_written_as_the_same_bytes(event: AnyEvent) -> None:
    """Tools may send on what they read, stored blocks included."""
    encoded = CODEC.encode(event)
    assert CODEC.encode(CODEC.decode(encoded.value, encoded.headers).event) == encoded


def test_headers_name_the_schema_and_say_the_rest_as_cloud_events() -> None:
    """CloudEvents 1.0, Kafka protocol binding, binary content mode."""
    event = changed("ArticlePublished", source="newsroom emit/2", occurred_at=-62_135_596_800_000_000)
    assert CODEC.encode(event).headers == [
        ("schema", RELEASED.latest("ArticlePublished").fingerprint.encode()),
        ("ce_specversion", b"1.0"),
        ("ce_id", event.event_id.encode()),
        ("ce_type", b"newsroom.ArticlePublished"),
        ("ce_source", b"newsroom%20emit/2"),
        ("ce_subject", b"bridge-42"),
        ("ce_time", b"0001-01-01T00:00:00.000000Z"),
        ("content-type", b"application/avro"),
    ]


def test_a_traceparent_is_a_header_when_it_is_given() -> None:
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    assert CODEC.encode(SAMPLES["TagMerged"], traceparent=parent).headers[-1] == ("traceparent", parent.encode())
    assert "traceparent" not in dict(CODEC.encode(SAMPLES["TagMerged"]).headers)


def test_the_frame_is_a_zero_byte_and_the_frame_id() -> None:
    value = CODEC.encode(SAMPLES["TagMerged"]).value
    assert value[:5] == b"\0" + RELEASED.latest("TagMerged").frame_id.to_bytes(4, "big")


def test_the_header_decides_where_the_frame_says_something_else() -> None:
    """With a registry the frame holds that registry's id."""
    encoded = CODEC.encode(SAMPLES["TagMerged"])
    assert CODEC.decode(b"\0\0\0\0\7" + encoded.value[5:], encoded.headers).event == SAMPLES["TagMerged"]


@pytest.mark.parametrize(
    ("event", "field"),
    [
        (changed("ArticleCreated", headline=7), "headline"),
        (changed("ArticleCreated", headline=b"bytes"), "headline"),
        (changed("ArticleCreated", headline=None), "headline"),
        (changed("ArticleCreated", occurred_at="now"), "occurred_at"),
        (changed("ArticleCreated", occurred_at=1.5), "occurred_at"),
        (changed("ArticleCreated", blocks=block(text=3)), "blocks[0].text"),
        (changed("ArticleCreated", image=object()), "event"),
        (changed("ArticleCreated", headline="a\0b"), "headline"),
        (changed("ArticleCreated", headline="a\ud800b"), "headline"),
        (changed("ArticleCreated", blocks=block(text="a\0b")), "blocks.text"),
        (changed("ArticleCreated", blocks=block(items=("\udfff",))), "blocks.items"),
        (changed("ArticleCreated", blocks=block(kind="poem")), "blocks.kind"),
        (changed("ArticleTranslated", method="guessed"), "method"),
        (changed("ArticleUnpublished", reason="bored"), "reason"),
        (changed("ArticlePublished", note={"kind": "joke", "text": ""}), "note.kind"),
        (changed("ArticlePublished", expected_version=2**31), "expected_version"),
        (changed("ArticlePublished", language="EN"), "language"),
        (changed("TagDefined", labels={"uk": "\0"}), "labels"),
        (changed("TagDefined", labels={"\0": "a"}), "labels"),
    ],
)
def test_an_event_that_breaks_the_contract_is_not_encoded(event: AnyEvent, field: str) -> None:
    with pytest.raises(InvalidEventError) as refused:
        CODEC.encode(event)
    assert (refused.value.type, refused.value.field) == (type(event).__name__, field)


def test_the_six_characters_that_json_writes_for_nul_are_no_nul() -> None:
    assert back(changed("ArticleCreated", headline="\\u0000")).headline == "\\u0000"  # type: ignore[union-attr]


def test_an_event_of_exactly_the_cap_is_encoded_and_one_byte_more_is_not() -> None:
    """The cap counts the bytes on the wire, frame included, not characters."""
    frame_and_rest = len(CODEC.encode(changed("ArticleCreated", blocks=block(text=""))).value)
    room = MAX_EVENT_BYTES - frame_and_rest - 2  # the text's length takes two bytes more
    text = "ї" * (room // 2) + "i" * (room % 2)
    assert len(CODEC.encode(changed("ArticleCreated", blocks=block(text=text))).value) == MAX_EVENT_BYTES
    with pytest.raises(EventTooLargeError) as refused:
        CODEC.encode(changed("ArticleCreated", blocks=block(text=text + "i")))
    assert (refused.value.size, refused.value.limit) == (MAX_EVENT_BYTES + 1, MAX_EVENT_BYTES)


def test_unknown_words_of_open_vocabularies_are_read() -> None:
    """A later release may know more words; only where events are made are they checked."""
    value = CODEC.encode(changed("ArticleUnpublished", reason="error")).value.replace(b"\x0aerror", b"\x0abored")
    decoded = CODEC.decode(value, [])
    assert decoded.problem is None
    assert decoded.event == changed("ArticleUnpublished", reason="bored")


def test_stored_blocks_of_a_schema_that_no_file_has_are_undecodable() -> None:
    with pytest.raises(UndecodableError, match="0000000000000000"):
        CODEC.blocks(StoredBlocks(b"\0", "0" * 16))


def earlier(name: str, drop: set[str]) -> Schema:
    """Make a version 0: some fields, of blocks too, are not there yet; one in each, ``urgent``, is there no more."""
    definition = json.loads(json.dumps(RELEASED.latest(name).definition))
    records = [definition, *(field["type"]["items"] for field in definition["fields"] if field["name"] == "blocks")]
    for record in records:
        kept = [field for field in record["fields"] if field["name"] not in drop]
        record["fields"] = [{"name": "urgent", "type": "boolean", "default": True}, *kept]
    return read_schema(f"{name}.0.avsc", json.dumps(definition))


def written_with(schema: Schema) -> bytes:
    """Write a sample as an earlier release would have."""
    out = BytesIO()
    out.write(b"\0" + schema.frame_id.to_bytes(4, "big"))
    fields = msgspec.to_builtins(SAMPLES[schema.name])
    schemaless_writer(out, schema.whole, fields, disable_tuple_notation=True)
    return out.getvalue()


def test_an_older_version_is_read_with_the_newest_one_s_defaults() -> None:
    old = earlier("ArticlePublished", {"note", "schedule_id"})
    event = Codec(ReleasedSchemas([*RELEASED, old])).decode(written_with(old), []).event
    assert event == changed("ArticlePublished", note=None, schedule_id=None)


def test_a_boolean_that_is_neither_true_nor_false_is_undecodable() -> None:
    old = earlier("ArticlePublished", set())
    value = written_with(old)
    spoiled = value[:FRAME_BYTES] + b"\x02" + value[FRAME_BYTES + 1 :]
    with pytest.raises(UndecodableError, match="the boolean at byte 5 is 2"):
        Codec(ReleasedSchemas([*RELEASED, old])).decode(spoiled, [])


def test_blocks_of_an_older_version_keep_their_schema_and_are_decoded_with_it() -> None:
    old = earlier("ArticleCreated", {"credit", "label"})
    codec = Codec(ReleasedSchemas([*RELEASED, old]))
    event = codec.decode(written_with(old), []).event
    assert isinstance(event, ArticleCreated)
    assert isinstance(event.blocks, StoredBlocks)
    assert old.blocks is not None
    assert event.blocks.schema == old.blocks.fingerprint
    sample = SAMPLES["ArticleCreated"]
    assert isinstance(sample, ArticleCreated)
    assert isinstance(sample.blocks, tuple)
    assert codec.blocks(event.blocks) == tuple(
        msgspec.structs.replace(block, credit=None, label=None) for block in sample.blocks
    )
