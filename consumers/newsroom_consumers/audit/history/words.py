"""Readable differences: word by word in a text, block by block in a body.

>>> words("the old bridge", "the new")
[{'op': 'equal', 'text': 'the '}, {'op': 'delete', 'text': 'old bridge'}, {'op': 'insert', 'text': 'new'}]

The equal and deleted pieces join to the old text, the equal and inserted ones to the new text, to the last blank.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Any

from newsroom_schemas.values import Block

Piece = dict[str, str]
"""A piece of text: ``op`` (``equal``, ``insert`` or ``delete``) and ``text``."""
BlockChange = dict[str, Any]
"""A block: ``op`` (``equal``, ``insert``, ``delete`` or ``change``), and ``fields`` with their words."""

_TOKEN = re.compile(r"\w+|\s+|[^\w\s]")
_MOST_TOKENS = 6000
"""Maximum tokens of two texts to compare, without their common beginning and end. The time is quadratic in them."""
_AHEAD = 20
"""Number of new blocks that are searched for the new form of an old one."""
_ALIKE = 0.5
"""Minimum share of words that two forms of one block have in common."""


def words(before: str, after: str) -> list[Piece]:
    """Return the difference of two texts, word by word."""
    old, new = _TOKEN.findall(before), _TOKEN.findall(after)
    first = _common(old, new)
    last = _common(old[first:][::-1], new[first:][::-1])
    pieces = [
        ("equal", old[:first]),
        *_middle(old[first : len(old) - last], new[first : len(new) - last]),
        ("equal", old[len(old) - last :]),
    ]
    return [{"op": op, "text": "".join(tokens)} for op, tokens in pieces if tokens]


def blocks(before: Sequence[Block], after: Sequence[Block]) -> list[BlockChange]:
    """Return the difference of two bodies: equal, inserted and deleted blocks, and changed ones word by word."""
    found: list[BlockChange] = []
    for op, i, j, k, m in SequenceMatcher(None, before, after).get_opcodes():
        if op == "equal":
            found += [_change(each, each) for each in before[i:j]]
        else:
            found += [_change(old, new) for old, new in _pairs(before[i:j], after[k:m])]
    return found


def _middle(old: list[str], new: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield the difference of two lists of tokens that have no common beginning or end."""
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
    """Return the number of equal tokens at the beginning of two lists."""
    pairs = zip(old, new, strict=False)
    return next((place for place, (one, other) in enumerate(pairs) if one != other), min(len(old), len(new)))


def _pairs(old: Sequence[Block], new: Sequence[Block]) -> Iterator[tuple[Block | None, Block | None]]:
    """Yield each old block with the first new one that is similar to it, or ``None``; and each new one left over."""
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
    """Return True if two blocks are similar enough to be two forms of one."""
    first, second = (Counter(_TOKEN.findall(" ".join(_texts(each).values()))) for each in (one, other))
    return 2 * (first & second).total() >= _ALIKE * (first.total() + second.total())


def _change(before: Block | None, after: Block | None) -> BlockChange:
    """Return the difference of two forms of a block, field by field."""
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
    """Return the non-empty fields of a block as texts. Each entry of a list becomes a line."""
    if block is None:
        return {}
    texts = {name: getattr(block, name) for name in Block.__struct_fields__}
    return {name: "\n".join(text) if name == "items" else text for name, text in texts.items() if text}
