"""Differences of two generations: in a terminal a line for each, and the JSON of all."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click
from msgspec import structs

from newsroom_schemas.catalogue import display_name

if TYPE_CHECKING:
    from newsroom_consumers.compare.changes import (
        ArticleChange,
        Differences,
        EntryChange,
        ListChange,
        RecordChange,
        RowChange,
    )
    from newsroom_consumers.compare.compare import Comparison

_WIDTH = 60
"""Characters of a value to show; ``--json`` has all."""
_BEFORE = 20
"""Characters to show before the first one that differs."""

_NAMES = 8
"""Stories of a list to name; ``--json`` has all."""

Fields = Mapping[str, Mapping[str, Any]]
"""What A and B have in each column that differs, as ``{"headline": {"a": "One", "b": "Two"}}``."""


def as_json(found: Comparison) -> dict[str, Any]:
    """Return a comparison as its JSON: what differs stands among the rest."""
    known = {"equal": found.equal, "a": found.a, "b": found.b, "summary": found.summary, "left_out": found.left_out}
    return {**known, **structs.asdict(found.differences), "digests": found.digests}


def lines(differences: Differences, limit: int) -> Iterator[str]:
    """Yield what differs, at most ``limit`` lines of each kind; values as "A -> B"."""
    for kind, written in (
        ("articles", map(_article, differences.articles)),
        ("tags", map(_list, differences.tags)),
        ("timelines", map(_list, differences.timelines)),
        ("catalogue", (f"tag {each.tag_id} of the catalogue: {_row(each.row)}" for each in differences.catalogue)),
        ("parked", (f"parked {_record(each)}: {_row(each.row)}" for each in differences.parked)),
        ("events", (f"event of {_record(each)}: {_row(each.row)}" for each in differences.events)),
        ("cursors", (f"cursor {each.topic}/{each.partition}: {_row(each.row)}" for each in differences.cursors)),
    ):
        for number, line in enumerate(written):
            if number == limit:
                yield f"… and {len(getattr(differences, kind)) - limit:,} more of {kind} (--limit, or --json for all)"
                break
            yield line


def show(found: Iterable[str]) -> None:
    """Print lines."""
    for line in found:
        click.echo(line)


def _article(each: ArticleChange) -> str:
    named = f"{each.article_id} ({each.language})" if each.language is not None else each.article_id
    return f"article {named} {each.change}: {'; '.join(map(_row, each.rows))}"


def _list(each: ListChange) -> str:
    name = f"timeline {each.language}" if each.tag_id is None else f"tag page {each.tag_id} ({each.language})"
    sides = (("gained", each.gained), ("lost", each.lost))
    inside = (("moved", each.moved), ("changed", each.changed))
    said = [f"{word} {_some(ids)}" for word, ids in sides if ids]
    said += [f"{word} {_some(list(map(_entry, entries)))}" for word, entries in inside if entries]
    return f"{name}: {'; '.join(said)}"


def _some(names: list[str]) -> str:
    """Return names; of many the first, with how many there are."""
    if len(names) <= _NAMES:
        return ", ".join(names)
    return f"{len(names):,}: {', '.join(names[:_NAMES])} and {len(names) - _NAMES:,} more"


def _entry(entry: EntryChange) -> str:
    return f"{entry.article_id} ({_fields(entry.fields)})"


def _record(each: RecordChange) -> str:
    of = "no article" if each.article_id is None else display_name(each.article_id)
    return f"record {each.topic} {each.partition}:{each.offset} of {of}"


def _row(row: RowChange) -> str:
    """Return what differs in a row, or where alone it is."""
    return f"{row.table} {_fields(row.fields) if row.fields else row.state}"


def _fields(fields: Fields) -> str:
    return ", ".join(f"{name} {_change(each['a'], each['b'])}" for name, each in fields.items())


def _change(a: Any, b: Any) -> str:
    """Return two values; of long ones the part in which they begin to differ."""
    texts = [str(value) for value in (a, b) if value is not None]
    first = max(0, _common(texts) - _BEFORE) if max(map(len, texts), default=0) > _WIDTH else 0
    return f"{_value(a, first)} -> {_value(b, first)}"


def _common(texts: list[str]) -> int:
    """Return the number of characters with which all texts begin."""
    together = zip(*texts, strict=False)
    return sum(1 for _ in itertools.takewhile(lambda characters: len(set(characters)) == 1, together))


def _value(value: Any, first: int) -> str:
    if value is None:
        return "nothing"
    text = str(value)
    shown = text[first : first + _WIDTH]
    return f"{'…' if first else ''}{shown}{'…' if first + _WIDTH < len(text) else ''}"
