"""Leaks: text in a public table that its edition has not published, or has withdrawn.

Texts of a run carry canaries, words that occur nowhere else. What readers may see of an edition is reckoned here from
the events alone, field by field, without the fold.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
from chaos.evidence import Appended, Finding, Held
from chaos.stories import hides
from support.kit import TABLES

from newsroom_consumers.projections import public_names
from newsroom_consumers.store.tables import EVENT
from newsroom_schemas.events import (
    AnyEvent,
    ArticleCreated,
    ArticleEdited,
    ArticlePublished,
    ArticleTranslated,
    ArticleUnpublished,
)
from newsroom_schemas.validation import TEXTS

_CANARY = re.compile(rb"canary[0-9a-z]+")

Edition = tuple[str, str]
Fields = dict[str, frozenset[bytes]]


def canary(number: str) -> str:
    """Make a word that occurs once in a run, and stays whole in a slug."""
    return f"canary{number}"


def check(held: Held, log: Sequence[Appended]) -> Iterator[Finding]:
    """Name every canary in a public row whose edition does not show it."""
    shown = _shown(held, log)
    for table in TABLES:
        if table.name not in public_names() or "article_id" not in table.columns:
            continue
        for row in held.rows(table):
            edition = (row["article_id"], row["language"])
            allowed = frozenset().union(*shown.get(edition, {}).values())
            for word in sorted(_canaries(list(row.values())) - allowed):
                what = f"{word.decode()} is in {table.name} of {'/'.join(edition)}, which does not publish it"
                yield Finding("leaked", held.name, what)


def _shown(held: Held, log: Sequence[Appended]) -> Mapping[Edition, Fields]:
    """Reckon what readers may see of every edition: the draft as it stood at its last publication."""
    applied = {(row["topic"], row["partition"], row["offset"]) for row in held.rows(EVENT) if _applied(row)}
    drafts: defaultdict[Edition, Fields] = defaultdict(dict)
    shown: dict[Edition, Fields] = {}
    for each in log:
        if each.place in applied and each.event is not None:
            _follow(each.event, drafts, shown)
    return shown


def _applied(row: Mapping[str, Any]) -> bool:
    return bool(row["outcome"] == "applied")


def _follow(event: AnyEvent, drafts: defaultdict[Edition, Fields], shown: dict[Edition, Fields]) -> None:
    match event:
        case ArticleCreated() | ArticleTranslated():
            drafts[event.article_id, event.language] = _texts(event)
        case ArticleEdited():
            draft = drafts[event.article_id, event.language]
            given = {name: words for name, words in _texts(event).items() if getattr(event, name) is not None}
            draft |= given | dict.fromkeys(event.cleared, frozenset())
        case ArticlePublished():
            shown[event.article_id, event.language] = dict(drafts[event.article_id, event.language])
        case ArticleUnpublished():
            for id_, language in list(shown):
                if id_ == event.article_id and hides(event, language):
                    del shown[id_, language]


def _texts(event: AnyEvent) -> Fields:
    return {name: _canaries(getattr(event, name)) for name in TEXTS}


def _canaries(value: object) -> frozenset[bytes]:
    """Find the canaries of a text, of bytes, or of a value that holds texts and bytes."""
    if isinstance(value, list):
        return frozenset().union(*(_canaries(each) for each in value))
    if isinstance(value, bytes | memoryview):
        return frozenset(_CANARY.findall(bytes(value)))
    if isinstance(value, msgspec.Struct):
        return _canaries([getattr(value, name) for name in value.__struct_fields__])
    if isinstance(value, tuple):
        return _canaries(list(value))
    return frozenset(_CANARY.findall(str(value).encode()))
