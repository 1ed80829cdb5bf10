"""The contract: what an event's fields may say, beyond the types that the schema knows.

`check` is the whole of it. A record that decodes but breaks it is rejected with what `check` returns; an event that
breaks it is not put on the wire. Open vocabularies are strings for ever, so `check_vocabulary` holds their words where
events are made, and readers take any word.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from operator import attrgetter
from typing import Any

import msgspec

from newsroom_schemas.events import (
    EVENTS,
    AnyEvent,
    ArticleEdited,
    ArticlePublished,
    ArticleTranslated,
    ArticleUnpublished,
)
from newsroom_schemas.rejections import InvalidContent
from newsroom_schemas.values import Author, Image, Note

MAX_EVENT_BYTES = 1_000_000
"""Size of an event on the wire at most, after framing; the broker's limit lies above."""

MAX_URL_BYTES = 1000
"""Size of an older address at most, in UTF-8: it is a key in the database."""

NUL = "contains the character NUL"
SURROGATE = "contains a lone surrogate"

TEXTS = frozenset({"slug", "headline", "lead", "image", "authors", "legacy_urls", "blocks"})
"""Names of an edition's texts: what ``cleared`` may name."""

BLOCK_KINDS = frozenset({"paragraph", "heading", "quote", "list", "image", "embed"})
NOTE_KINDS = frozenset({"update", "correction", "clarification", "editors_note"})
REASONS = frozenset({"withdrawn", "error", "expired", "merged", "legal"})
METHODS = frozenset({"human", "machine", "machine_edited"})

MAX_ID_LENGTH = 64
ID = re.compile(rf"[A-Za-z0-9][A-Za-z0-9_-]{{0,{MAX_ID_LENGTH - 1}}}")
"""What every id looks like, to be matched from end to end."""
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LANGUAGE = re.compile(
    r"[a-z]{2,3}(?:-[A-Z][a-z]{3})?(?:-(?:[A-Z]{2}|[0-9]{3}))?(?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3})){0,3}"
)
_SURROGATES = re.compile("[\ud800-\udfff]")

_FIRST_INSTANT = -62_135_596_800_000_000
"""0001-01-01T00:00:00Z in microseconds."""
_LAST_INSTANT = 253_402_300_799_999_999
"""9999-12-31T23:59:59.999999Z in microseconds."""

Rule = Callable[[Any], str | None]
"""Says what is wrong with a field's value, ``None`` when nothing is."""


def check(event: AnyEvent) -> InvalidContent | None:
    """Name the first field of the event that breaks the contract; the codec checks stored blocks when it reads them."""
    return _check_texts(event) or check_fields(event)


def check_fields(event: AnyEvent) -> InvalidContent | None:
    """Do what `check` does, for an event whose texts are known to hold no NUL and no lone surrogate."""
    values_of, rules = _rules(type(event))
    for (name, rule), value in zip(rules, values_of(event), strict=True):
        if value is not None and (problem := rule(value)):
            return InvalidContent(field=name, problem=problem)
    return _cleared(event) if isinstance(event, ArticleEdited) else None


def check_vocabulary(event: AnyEvent) -> InvalidContent | None:
    """Name the first field that holds a word which no reader knows. For events in the making only."""
    for name, word, words in _words(event):
        if word not in words:
            return InvalidContent(field=name, problem=f"{word!r} is none of {', '.join(sorted(words))}")
    return None


@cache
def instants(type_name: str) -> frozenset[str]:
    """Give the names of the fields of an event type that are instants."""
    return frozenset(EVENTS[type_name].__struct_fields__) & _INSTANTS


@cache
def _rules(type_: type[AnyEvent]) -> tuple[attrgetter[tuple[Any, ...]], list[tuple[str, Rule]]]:
    """Pick the rules for the fields that an event type has, and what gets these fields at a stroke."""
    rules = [(name, _RULES[name]) for name in type_.__struct_fields__ if name in _RULES]
    return attrgetter(*(name for name, _ in rules)), rules


def _check_texts(event: AnyEvent) -> InvalidContent | None:
    """Name the first text that no database or no UTF-8 encoder takes; JSON tells at once whether there may be one."""
    try:
        if b"\\u0000" not in msgspec.json.encode(event):
            return None
    except UnicodeEncodeError:
        pass
    for path, text in _texts(event, ""):
        if "\0" in text:
            return InvalidContent(field=path, problem=NUL)
        if _SURROGATES.search(text):
            return InvalidContent(field=path, problem=SURROGATE)
    return None


def _texts(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Go through every text in a value, with the dotted path of its field."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from _texts(getattr(value, name), f"{path}.{name}" if path else name)
    elif isinstance(value, tuple | dict):
        for inner in value:
            yield from _texts(inner, path)
        if isinstance(value, dict):
            yield from _texts(tuple(value.values()), path)


def _pattern(pattern: re.Pattern[str], description: str) -> Rule:
    """Refuse a text that does not match the pattern from end to end."""
    matches, problem = pattern.fullmatch, f"is not {description}"
    return lambda value: None if matches(value) else problem


def _each(rule: Rule) -> Rule:
    """Apply a rule to every entry of a list."""

    def rule_of_each(values: Iterable[Any]) -> str | None:
        for value in values:
            if problem := rule(value):
                return problem
        return None

    return rule_of_each


def _range(least: int, most: int) -> Rule:
    """Refuse a number outside the range."""
    problem = f"is not between {least} and {most}"
    return lambda value: None if least <= value <= most else problem


def _author(author: Author) -> str | None:
    """Check the id of one name of the byline."""
    return _id(author.id)


def _image(image: Image) -> str | None:
    """Check the measures of a picture."""
    measures = (measure for measure in (image.width, image.height) if measure is not None)
    return _each(_count)(measures)


def _url(url: str) -> str | None:
    """Check the length of an older address, which is the key of a table."""
    return None if len(url.encode(errors="surrogatepass")) <= MAX_URL_BYTES else f"is longer than {MAX_URL_BYTES} bytes"


def _cleared(event: ArticleEdited) -> InvalidContent | None:
    """Check that an edit clears texts only, and none that it also gives."""
    for name in event.cleared:
        if name not in TEXTS:
            return InvalidContent(field="cleared", problem=f"names what is no text: use {', '.join(sorted(TEXTS))}")
        if getattr(event, name) is not None:
            return InvalidContent(field=name, problem="is given and cleared")
    return None


def _words(event: AnyEvent) -> Iterator[tuple[str, str, frozenset[str]]]:
    """Go through the words of open vocabularies: field, word, words known."""
    match event:
        case ArticlePublished(note=Note(kind=kind)):
            yield "note.kind", kind, NOTE_KINDS
        case ArticleUnpublished(reason=reason):
            yield "reason", reason, REASONS
        case ArticleTranslated(method=method):
            yield "method", method, METHODS
    body = getattr(event, "blocks", None)
    for block in body if isinstance(body, tuple) else ():
        yield "blocks.kind", block.kind, BLOCK_KINDS


_id = _pattern(ID, "an id: 1 to 64 of A-Z a-z 0-9 _ -, the first a letter or a digit")
_uuid = _pattern(_UUID, "a UUID in lower case")
_language = _pattern(_LANGUAGE, "a language such as uk, en-GB or sr-Latn-RS")
_instant = _range(_FIRST_INSTANT, _LAST_INSTANT)
_count = _range(0, 2**31 - 1)

_INSTANTS = frozenset({"occurred_at", "publish_at", "published_at", "until"})

_RULES: dict[str, Rule] = {
    "event_id": _uuid,
    "schedule_id": _uuid,
    "article_id": _id,
    "tag_id": _id,
    "section": _id,
    "successor": _id,
    "into": _id,
    "tags": _each(_id),
    "flags": _each(_id),
    "authors": _each(_author),
    "language": _language,
    "source_language": _language,
    "languages": _each(_language),
    "labels": _each(_language),
    "image": _image,
    "legacy_urls": _each(_url),
    "expected_version": _count,
    "source_version": _count,
    "partition": _count,
    "offset": _range(0, 2**63 - 1),
    **dict.fromkeys(_INSTANTS, _instant),
}
"""What each field may say; a name means the same in every event."""
