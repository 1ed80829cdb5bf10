"""Differences that a person can read: word by word in a text, block by block in a body.

Example::

    words("the old bridge", "the new bridge")
    # [{"op": "equal", "text": "the "}, {"op": "delete", "text": "old"}, {"op": "insert", "text": "new"}, …]

What is equal or deleted makes the old text, what is equal or inserted the new one, to the last blank.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Any

from newsroom_schemas.values import Block

Piece = dict[str, str]
"""A stretch of text: ``op`` (``equal``, ``insert`` or ``delete``) and ``text``."""
BlockChange = dict[str, Any]
"""What became of a block: ``op`` (``equal``, ``insert``, ``delete`` or ``change``), and ``fields`` with their words."""

_TOKEN = re.compile(r"\w+|\s+|[^\w\s]")
_MOST_TOKENS = 6000
"""Words and signs of two texts, beyond what both begin and end with, that are compared: it takes the square of them."""
_AHEAD = 20
"""Blocks among which the new form of an old one is looked for."""
_ALIKE = 0.5
"""Share of their words that two forms of one block have in common at least."""


def words(before: str, after: str) -> list[Piece]:
    """Compare two texts word by word."""
    old, new = _TOKEN.findall(before), _TOKEN.findall(after)
    first = _common(old, new)
    last = _common(old[first:][::-1], new[first:][::-1])
    pieces = [
        ("equal", old[:first]),
        *_middle(old[first : len(old) - last], new[first : len(new) - last]),
        ("equal", old[len(old) - last :]),
    ]
    return _joined(pieces)


def blocks(before: Sequence[Block], after: Sequence[Block]) -> list[BlockChange]:
    """Compare two bodies: which blocks are the same, new, or gone, and word by word those that have changed."""
    found: list[BlockChange] = []
    for op, i, j, k, m in SequenceMatcher(None, before, after).get_opcodes():
        if op == "equal":
            found += [_change(each, each) for each in before[i:j]]
        else:
            found += [_change(old, new) for old, new in _pairs(before[i:j], after[k:m])]
    return found


def _middle(old: list[str], new: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Compare two lists of words that neither begin nor end alike."""
    if len(old) + len(new) > _MOST_TOKENS:
        yield "delete", old
        yield "insert", new
        return
    for op, i, j, k, m in SequenceMatcher(None, old, new).get_opcodes():
        if op == "equal":
            yield "equal", old[i:j]
        else:
            yield "delete", old[i:j]
            yield "insert", new[k:m]


def _common(old: Sequence[str], new: Sequence[str]) -> int:
    """Count the words that two lists begin with."""
    pairs = zip(old, new, strict=False)
    return next((place for place, (one, other) in enumerate(pairs) if one != other), min(len(old), len(new)))


def _joined(pieces: Sequence[tuple[str, list[str]]]) -> list[Piece]:
    """Write pieces as texts, neighbours of one kind together."""
    found: list[Piece] = []
    for op, tokens in pieces:
        text = "".join(tokens)
        if text and found and found[-1]["op"] == op:
            found[-1]["text"] += text
        elif text:
            found.append({"op": op, "text": text})
    return found


def _pairs(old: Sequence[Block], new: Sequence[Block]) -> Iterator[tuple[Block | None, Block | None]]:
    """Find for each old block the first new one that is much like it; ``None`` stands where there is none."""
    following = 0
    for each in old:
        ahead = range(following, min(following + _AHEAD, len(new)))
        match = next((place for place in ahead if _alike(each, new[place])), None)
        if match is None:
            yield each, None
            continue
        yield from ((None, inserted) for inserted in new[following:match])
        yield each, new[match]
        following = match + 1
    yield from ((None, inserted) for inserted in new[following:])


def _alike(one: Block, other: Block) -> bool:
    """Say whether two blocks may be forms of one."""
    first, second = (Counter(_TOKEN.findall(" ".join(_texts(each).values()))) for each in (one, other))
    return 2 * (first & second).total() >= _ALIKE * (first.total() + second.total())


def _change(before: Block | None, after: Block | None) -> BlockChange:
    """Compare two forms of a block, field by field."""
    if before is None or after is None:
        op = "insert" if before is None else "delete"
    else:
        op = "equal" if before == after else "change"
    old, new = _texts(before), _texts(after)
    names = [name for name in Block.__struct_fields__ if name in old or name in new]
    return {
        "op": op,
        "fields": [{"field": name, "words": words(old.get(name, ""), new.get(name, ""))} for name in names],
    }


def _texts(block: Block | None) -> dict[str, str]:
    """Give the fields of a block that say something; each entry of a list is a line."""
    if block is None:
        return {}
    texts = {name: getattr(block, name) for name in Block.__struct_fields__}
    return {name: "\n".join(text) if name == "items" else text for name, text in texts.items() if text}
