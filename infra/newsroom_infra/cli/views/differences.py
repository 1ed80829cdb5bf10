"""Differences of two generations as people read them in a terminal: a line for each, under the name that it has."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import Any

import click

from newsroom_infra.cli.shared.output import visible

_WIDTH = 60
"""Characters of a value that are shown; ``--json`` has all."""
_BEFORE = 20
"""Characters that are shown before the first one that differs."""

_NAMES = 8
"""Stories of a list that are named; ``--json`` has all."""

Answer = dict[str, Any]


def lines(answer: Answer, limit: int) -> Iterator[str]:
    """Write what differs, at most ``limit`` lines of each kind; values as "A -> B"."""
    answer = visible(answer)
    for kind, written in (
        ("articles", map(_article, answer["articles"])),
        ("tags", map(_list, answer["tags"])),
        ("timelines", map(_list, answer["timelines"])),
        ("catalogue", (f"tag {each['tag_id']} of the catalogue: {_row(each['row'])}" for each in answer["catalogue"])),
        ("parked", (f"parked {_record(each)}: {_row(each['row'])}" for each in answer["parked"])),
        ("events", map(_event, answer["events"])),
        ("cursors", (f"cursor {each['topic']}/{each['partition']}: {_row(each['row'])}" for each in answer["cursors"])),
    ):
        for number, line in enumerate(written):
            if number == limit:
                yield f"… and {len(answer[kind]) - limit:,} more of {kind} (--limit, or --json for all)"
                break
            yield line


def show(found: Iterable[str]) -> None:
    """Print lines."""
    for line in found:
        click.echo(line)


def _article(each: Answer) -> str:
    named = f"{each['article_id']} ({each['language']})" if each["language"] is not None else each["article_id"]
    return f"article {named} {each['change']}: {'; '.join(_row(row) for row in each['rows'])}"


def _list(each: Answer) -> str:
    name = (
        f"timeline {each['language']}" if each["tag_id"] is None else f"tag page {each['tag_id']} ({each['language']})"
    )
    sides = [f"{word} {_some(each[word])}" for word in ("gained", "lost") if each[word]]
    inside = [f"{word} {_some(list(map(_entry, each[word])))}" for word in ("moved", "changed") if each[word]]
    return f"{name}: {'; '.join(sides + inside)}"


def _some(names: list[str]) -> str:
    """List names; of many the first, with how many there are."""
    if len(names) <= _NAMES:
        return ", ".join(names)
    return f"{len(names):,}: {', '.join(names[:_NAMES])} and {len(names) - _NAMES:,} more"


def _entry(entry: Answer) -> str:
    return f"{entry['article_id']} ({_fields(entry['fields'])})"


def _event(each: Answer) -> str:
    return f"event of {_record(each)}: {_row(each['row'])}"


def _record(each: Answer) -> str:
    of = "the tag catalogue" if each["article_id"] == "" else each["article_id"] or "no article"
    return f"record {each['topic']} {each['partition']}:{each['offset']} of {of}"


def _row(row: Answer) -> str:
    """Write a row: what differs in it, or where alone it is."""
    said = _fields(row["fields"]) if row["fields"] else row["state"]
    return f"{row['table']} {said}"


def _fields(fields: dict[str, Answer]) -> str:
    return ", ".join(f"{name} {_change(each['a'], each['b'])}" for name, each in fields.items())


def _change(a: Any, b: Any) -> str:
    """Write two values; of long ones the part in which they begin to differ."""
    texts = [str(value) for value in (a, b) if value is not None]
    first = max(0, _common(texts) - _BEFORE) if max(map(len, texts), default=0) > _WIDTH else 0
    return f"{_value(a, first)} -> {_value(b, first)}"


def _common(texts: list[str]) -> int:
    """Count the characters with which all texts begin."""
    together = zip(*texts, strict=False)
    return sum(1 for _ in itertools.takewhile(lambda characters: len(set(characters)) == 1, together))


def _value(value: Any, first: int) -> str:
    if value is None:
        return "nothing"
    text = str(value)
    shown = text[first : first + _WIDTH]
    return f"{'…' if first else ''}{shown}{'…' if first + _WIDTH < len(text) else ''}"
