"""The short way through a record gives what the long way gives, or nothing: no event that the walk refuses."""

from __future__ import annotations

import json

import pytest
from golden.samples import SAMPLES
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.event_strategies import events
from support.examples import examples
from unit.schemas.wire.test_codec_hostile import BARE, BEFORE, EDIT, varint, with_authors, with_blocks

from newsroom_schemas.errors import UndecodableError
from newsroom_schemas.events import AnyEvent, ArticleCreated, TagDefined
from newsroom_schemas.validation import check_fields
from newsroom_schemas.values import StoredBlocks
from newsroom_schemas.wire.codec import Codec
from newsroom_schemas.wire.reader import FRAME_BYTES, BodyReader, Decoded
from newsroom_schemas.wire.released import ReleasedSchemas, Schema, read_schema
from newsroom_schemas.wire.shortcut import MAX_BYTES, Shortcut, shortcut_of

REGISTRY = ReleasedSchemas.load()
CODEC = Codec(REGISTRY)
SHORTCUTS = {schema.name: shortcut for schema in REGISTRY if (shortcut := shortcut_of(schema))}
EVENTS = {name: event for name, event in SAMPLES.items() if type(event).__name__ in SHORTCUTS}
CREATED = SHORTCUTS["ArticleCreated"]
PARAGRAPH = b"\x12paragraph"
HALVES = ("я".encode()[:1], "я".encode()[1:])


def the_long_way(schema: Schema, value: bytes) -> Decoded | None:
    """Read a value by the walk alone; ``None`` when it is not an event."""
    reader = BodyReader(schema, schema)
    reader._shortcut = None
    try:
        return reader.read(value)
    except UndecodableError:
        return None


def agree(name: str, value: bytes) -> AnyEvent | None:
    """Expect that the short way gives what the long way gives, or nothing; give what it gives."""
    event = SHORTCUTS[name].read(value, FRAME_BYTES)
    if event is not None:
        decoded = the_long_way(REGISTRY.latest(name), value)
        assert decoded is not None
        assert repr(decoded.event) == repr(event)
        assert decoded.problem == check_fields(event)
    return event


def paragraphs(*texts: bytes) -> bytes:
    """Return a created event whose blocks are paragraphs with these texts."""
    blocks = b"".join(PARAGRAPH + b"\x02" + varint(len(text)) + text + b"\0" * 6 for text in texts)
    return with_blocks(varint(len(texts)) + blocks + b"\0")


def test_all_events_but_those_with_a_map_have_a_short_way() -> None:
    assert {schema.name for schema in REGISTRY} - SHORTCUTS.keys() == {TagDefined.__name__}


@given(events)
@settings(max_examples=examples(300), deadline=None)
def test_every_event_that_a_tool_writes_is_read_the_short_way_as_by_the_long_one(event: AnyEvent) -> None:
    name = type(event).__name__
    assert name not in SHORTCUTS or agree(name, CODEC.encode(event).value) is not None


@pytest.mark.parametrize("event", EVENTS.values(), ids=list(EVENTS))
def test_every_golden_sample_is_read_the_short_way(event: AnyEvent) -> None:
    assert agree(type(event).__name__, CODEC.encode(event).value) is not None


@given(data=st.data())
@settings(max_examples=examples(1500), deadline=None)
def test_valid_bytes_with_some_changed_are_no_other_event_by_the_short_way(data: st.DataObject) -> None:
    event = data.draw(st.sampled_from(list(EVENTS.values())))
    value = bytearray(CODEC.encode(event).value)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(FRAME_BYTES, len(value) - 1))
        piece = data.draw(st.binary(max_size=3) | st.integers(-(2**63), 2**63 - 1).map(varint))
        value[at : at + data.draw(st.integers(0, 3))] = piece
    agree(type(event).__name__, bytes(value))


@given(which=st.sampled_from(list(SHORTCUTS)), body=st.binary(max_size=300))
@settings(max_examples=examples(300), deadline=None)
def test_arbitrary_bytes_are_no_other_event_by_the_short_way(which: str, body: bytes) -> None:
    agree(which, bytes(FRAME_BYTES) + body)


@given(st.lists(st.text(st.characters(codec="utf-8")).map(str.encode) | st.binary(max_size=4), min_size=1, max_size=4))
@settings(max_examples=examples(300), deadline=None)
@example([b"x" * 64, b"y" * 8192, b""])
def test_paragraphs_are_sound_when_each_of_their_texts_is(texts: list[bytes]) -> None:
    sound = all(_is_sound(text) for text in texts)
    assert (agree("ArticleCreated", paragraphs(*texts)) is not None) is sound


def _is_sound(text: bytes) -> bool:
    try:
        return "\0" not in text.decode()
    except UnicodeDecodeError:
        return False


def test_two_halves_of_a_character_in_neighbouring_texts_are_not_one_character() -> None:
    assert CREATED.read(paragraphs(*HALVES), FRAME_BYTES) is None
    with pytest.raises(UndecodableError, match="not UTF-8"):
        CODEC.decode(paragraphs(*HALVES), [])


@pytest.mark.parametrize(
    "value",
    {
        "a run with its size": with_authors(varint(-1) + varint(5) + b"\x02a\x04Am\0"),
        "a text cut off at the end": BARE[:-1] + b"\x02" + PARAGRAPH + b"\x02\x7e",
        "a text longer than any memory": with_blocks(b"\x02" + PARAGRAPH + b"\x02" + varint(2**63 - 1)),
        "a text whose length leads back": with_blocks(b"\x02" + PARAGRAPH + b"\x02" + varint(-2)),
        "a run of a negative count": with_authors(varint(-1) + b"\0"),
        "a count longer than the bytes": with_blocks(varint(2**62)),
        "an unknown branch": BEFORE + b"\x04" + b"\0" * 7,
        "an int of 33 bits": BARE.replace(b"\0\x04uk", b"\x02" + varint(2**32) + b"\x04uk"),
        "bytes behind the event": BARE + b"\0",
        "nothing": bytes(FRAME_BYTES),
    }.items(),
    ids=lambda value: value[0],
)
def test_what_has_not_the_plain_shape_is_left_to_the_walk(value: tuple[str, bytes]) -> None:
    assert CREATED.read(value[1], FRAME_BYTES) is None


def test_a_value_of_unusual_size_is_left_to_the_walk() -> None:
    value = paragraphs(b"x" * MAX_BYTES)
    assert CREATED.read(value, FRAME_BYTES) is None
    event = CODEC.decode(value, []).event
    assert isinstance(event, ArticleCreated)
    assert isinstance(event.blocks, StoredBlocks)


def test_blocks_that_hold_more_than_a_paragraph_are_read_the_short_way() -> None:
    """A heading, a labelled paragraph, a list, and an empty paragraph between plain ones."""
    plain = PARAGRAPH + b"\x02\x04ab" + b"\0" * 6
    others = (
        b"\x0eheading\x02\x02a" + b"\0" * 6,
        PARAGRAPH + b"\x02\x02a\0\x02\x02L" + b"\0" * 4,
        b"\x08list\0\x04\x02a\x02b\0" + b"\0" * 5,
        PARAGRAPH + b"\0" * 7,
    )
    for other in others:
        event = agree("ArticleCreated", with_blocks(b"\x06" + plain + other + plain + b"\0"))
        assert isinstance(event, ArticleCreated)
        assert isinstance(event.blocks, StoredBlocks)
        assert [block.kind for block in CODEC.blocks(event.blocks)][::2] == ["paragraph"] * 2


def test_an_edit_without_blocks_is_not_one_that_empties_them() -> None:
    for given_, blocks in ((b"\0", None), (b"\x02\0", ()), (b"\x02\x80\0", ())):
        event = agree("ArticleEdited", EDIT[:-1] + given_)
        assert getattr(event, "blocks", ...) == blocks


def test_a_schema_whose_blocks_have_another_layout_has_no_short_way() -> None:
    """As a later version's may: its records are read the long way, and as fast as that is."""
    definition = json.loads(json.dumps(REGISTRY.latest("ArticleCreated").definition))
    (blocks,) = [field for field in definition["fields"] if field["name"] == "blocks"]
    blocks["type"]["items"]["fields"].reverse()
    assert shortcut_of(read_schema("ArticleCreated.2.avsc", json.dumps(definition))) is None


def test_an_older_schema_has_no_short_way() -> None:
    """What it lacks comes from the newest one, which the long way sees to."""
    older = REGISTRY.latest("ArticleCreated")
    newest = REGISTRY.latest("ArticleTranslated")
    assert BodyReader(older, newest)._shortcut is None
    assert isinstance(BodyReader(older, older)._shortcut, Shortcut)
