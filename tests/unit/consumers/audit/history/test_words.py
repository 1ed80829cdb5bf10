"""Differences word by word and block by block: they read well, and nothing is lost in them."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from newsroom_consumers.audit.history.words import Piece, blocks, words
from newsroom_schemas.values import Block

TEXTS = st.text(alphabet="аб \n.’<x", max_size=40)
BLOCKS = st.lists(
    st.builds(
        Block,
        kind=st.sampled_from(["paragraph", "quote"]),
        text=st.none() | TEXTS,
        label=st.none() | st.sampled_from(["Details:", "Source:"]),
        items=st.lists(TEXTS, max_size=2).map(tuple),
    ),
    max_size=6,
)


def side(pieces: Iterable[Piece], op: str) -> str:
    """Join what is equal and what is of one kind."""
    return "".join(piece["text"] for piece in pieces if piece["op"] in {"equal", op})


@given(TEXTS, TEXTS)
def test_equal_and_deleted_words_make_the_old_text_and_equal_and_inserted_ones_the_new(before: str, after: str) -> None:
    pieces = words(before, after)
    assert (side(pieces, "delete"), side(pieces, "insert")) == (before, after)
    assert all(piece["text"] for piece in pieces)
    assert all(one["op"] != other["op"] for one, other in pairwise(pieces))


def test_only_the_words_that_differ_are_marked() -> None:
    assert words("Міст через Десну закрито.", "Міст через Дніпро закрито.") == [
        {"op": "equal", "text": "Міст через "},
        {"op": "delete", "text": "Десну"},
        {"op": "insert", "text": "Дніпро"},
        {"op": "equal", "text": " закрито."},
    ]


def test_long_texts_are_compared_in_time() -> None:
    """Each has more words than are compared; what both begin and end with is found all the same."""
    before, after = ("start " + " ".join(f"{kind}{number}" for number in range(9000)) + " end" for kind in "ab")
    assert [piece["op"] for piece in words(before, after)] == ["equal", "delete", "insert", "equal"]


@given(BLOCKS, BLOCKS)
def test_a_body_loses_nothing_either(before: list[Block], after: list[Block]) -> None:
    found = blocks(before, after)
    assert bodies(found, "delete") == [said(each) for each in before]
    assert bodies(found, "insert") == [said(each) for each in after]
    assert (before == after) is all(each["op"] == "equal" for each in found)


def bodies(found: list[dict[str, Any]], op: str) -> list[dict[str, str]]:
    """Return the blocks of one side, field by field."""
    mine = [each for each in found if each["op"] in {"equal", "change", op}]
    sides = [{field["field"]: side(field["words"], op) for field in each["fields"]} for each in mine]
    return [{name: text for name, text in each.items() if text} for each in sides]


def said(block: Block) -> dict[str, str]:
    """Return what a block says, field by field."""
    texts = {"kind": block.kind, "label": block.label, "text": block.text, "items": "\n".join(block.items)}
    return {name: text for name, text in texts.items() if text}


def paragraph(text: str) -> Block:
    """Write a paragraph."""
    return Block(kind="paragraph", text=text)


def test_a_new_block_before_a_changed_one_is_seen_as_such() -> None:
    kept = paragraph("Nothing else is known.")
    before = [paragraph("The bridge over the Desna is closed until Monday."), kept]
    after = [paragraph("Rain goes on."), paragraph("The bridge over the Desna is closed until Friday."), kept]
    found = blocks(before, after)
    assert [each["op"] for each in found] == ["insert", "change", "equal"]
    marked = [piece for piece in found[1]["fields"][1]["words"] if piece["op"] != "equal"]
    assert marked == [{"op": "delete", "text": "Monday"}, {"op": "insert", "text": "Friday"}]


def test_a_block_that_is_another_kind_now_says_so() -> None:
    (found,) = blocks([paragraph("Closed.")], [Block(kind="heading", text="Closed.")])
    assert found["op"] == "change"
    assert found["fields"][0] == {"field": "kind", "words": words("paragraph", "heading")}
