"""Validation of events: the rules for the values of fields, beyond the types that the Avro schema checks.

`check` applies all of them. A record that decodes but breaks one is rejected with what `check` returns; an event that
breaks one is not put on the wire. Open vocabularies (kinds of block, reasons, ...) are plain strings in the schema:
writers check them with `check_vocabulary`, and readers accept any word.
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
"""Maximum size of an event on the wire, after framing. The broker's limit is higher."""

MAX_URL_BYTES = 1000
"""Maximum size of an older address in UTF-8: it is a key in the database."""

NUL = "contains the character NUL"
SURROGATE = "contains a lone surrogate"

TEXTS = frozenset({"slug", "headline", "lead", "image", "authors", "legacy_urls", "blocks"})
"""Names of an edition's texts, which are the names that ``cleared`` may contain."""

BLOCK_KINDS = frozenset({"paragraph", "heading", "quote", "list", "image", "embed"})
NOTE_KINDS = frozenset({"update", "correction", "clarification", "editors_note"})
REASONS = frozenset({"withdrawn", "error", "expired", "merged", "legal"})
METHODS = frozenset({"human", "machine", "machine_edited"})

MAX_ID_LENGTH = 64
ID = re.compile(rf"[A-Za-z0-9][A-Za-z0-9_-]{{0,{MAX_ID_LENGTH - 1}}}")
"""Pattern of every id. Use ``fullmatch``."""
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
"""Returns what is wrong with a field's value, or ``None``."""


def check(event: AnyEvent) -> InvalidContent | None:
    """Return the first field of the event that breaks a rule, or ``None``. Stored blocks are checked by the codec."""
    return _check_texts(event) or check_fields(event)


def check_fields(event: AnyEvent) -> InvalidContent | None:
    """Do what `check` does, for an event whose texts are known to contain no NUL and no lone surrogate."""
    values_of, rules = _rules(type(event))
    for (name, rule), value in zip(rules, values_of(event), strict=True):
        if value is not None and (problem := rule(value)):
            return InvalidContent(field=name, problem=problem)
    return _cleared(event) if isinstance(event, ArticleEdited) else None


def check_vocabulary(event: AnyEvent) -> InvalidContent | None:
    """Return the first field with a word outside its vocabulary, or ``None``. Only writers of events call this."""
    for name, word, words in _words(event):
        if word not in words:
            return InvalidContent(field=name, problem=f"{word!r} is not one of {', '.join(sorted(words))}")
    return None


@cache
def instants(type_name: str) -> frozenset[str]:
    """Return the names of an event type's fields that are instants."""
    return frozenset(EVENTS[type_name].__struct_fields__) & _INSTANTS


@cache
def _rules(type_: type[AnyEvent]) -> tuple[attrgetter[tuple[Any, ...]], list[tuple[str, Rule]]]:
    """Return a getter of all checked fields of an event type, and the name and rule of each, in the same order."""
    rules = [(name, _RULES[name]) for name in type_.__struct_fields__ if name in _RULES]
    return attrgetter(*(name for name, _ in rules)), rules


def _check_texts(event: AnyEvent) -> InvalidContent | None:
    """Return the first text with NUL or a lone surrogate. Encoding to JSON shows quickly whether there can be one."""
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
    """Yield every text in a value, with the dotted path of its field."""
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
    """Return a rule that refuses a text which does not match the whole pattern."""
    matches, problem = pattern.fullmatch, f"is not {description}"
    return lambda value: None if matches(value) else problem


def _each(rule: Rule) -> Rule:
    """Return a rule that applies another one to every entry of a list."""

    def rule_of_each(values: Iterable[Any]) -> str | None:
        for value in values:
            if problem := rule(value):
                return problem
        return None

    return rule_of_each


def _range(least: int, most: int) -> Rule:
    """Return a rule that refuses a number outside the range."""
    problem = f"is not between {least} and {most}"
    return lambda value: None if least <= value <= most else problem


def _author(author: Author) -> str | None:
    """Check the id of one author."""
    return _id(author.id)


def _image(image: Image) -> str | None:
    """Check the width and height of a picture."""
    measures = (measure for measure in (image.width, image.height) if measure is not None)
    return _each(_count)(measures)


def _url(url: str) -> str | None:
    """Check the length of an older address."""
    return None if len(url.encode(errors="surrogatepass")) <= MAX_URL_BYTES else f"is longer than {MAX_URL_BYTES} bytes"


def _cleared(event: ArticleEdited) -> InvalidContent | None:
    """Check that an edit clears only texts, and none that it also sets."""
    for name in event.cleared:
        if name not in TEXTS:
            return InvalidContent(field="cleared", problem=f"may name only {', '.join(sorted(TEXTS))}")
        if getattr(event, name) is not None:
            return InvalidContent(field=name, problem="is both given and cleared")
    return None


def _words(event: AnyEvent) -> Iterator[tuple[str, str, frozenset[str]]]:
    """Yield each field with an open vocabulary: its path, its word, the known words."""
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
"""The rule of each field; a name means the same in every event."""
