"""The fold of the tag catalogue, and the look-up of its labels and redirects.

The catalogue is one aggregate: every tag by its id. Rows of articles keep the id as written; queries for readers
follow redirects and find labels with the functions here. All functions are pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Self

from msgspec.structs import replace

from newsroom_schemas.events import AnyTagEvent, TagDefined, TagMerged
from newsroom_schemas.fold.state import Catalogue, Tag
from newsroom_schemas.rejections import MergeCycle, NotMerged, Rejected, TagIsMerged, UnknownTag


class Label(str):
    """What to print for a tag, and the language that it is written in.

    A page marks a label that is not in the page's own language (WCAG 3.1.2, language of parts).
    """

    __slots__ = ("language",)

    language: str | None
    """BCP 47 tag of the label's language; ``None`` if the text is the tag's id."""

    def __new__(cls, text: str, language: str | None) -> Self:
        """Return the text with its language."""
        label = super().__new__(cls, text)
        label.language = language
        return label


def evolve_tags(catalogue: Catalogue, event: AnyTagEvent) -> Catalogue | Rejected:
    """Return the catalogue after an event, or the rejection."""
    match event:
        case TagDefined():
            return _define(catalogue, event)
        case TagMerged():
            return _merge(catalogue, event)


def resolve(catalogue: Catalogue, tag_id: str) -> str:
    """Return the id of the tag that readers see, after all redirects. An unknown tag resolves to itself."""
    *_, target = _path(catalogue, tag_id)
    return target


def label(catalogue: Catalogue, tag_id: str, language: str, preference: Sequence[str]) -> Label:
    """Return what to print for a tag, after redirects.

    A label that is missing or empty in ``language`` is taken from the first language of ``preference`` that has one,
    else it is the tag's id.
    """
    target = resolve(catalogue, tag_id)
    labels = catalogue[target].labels if target in catalogue else {}
    found = (Label(labels[each], each) for each in (language, *preference) if labels.get(each))
    return next(found, Label(target, None))


def aliases(catalogue: Catalogue, tag_id: str) -> tuple[str, ...]:
    """Return, sorted, all ids that resolve to the same tag as ``tag_id``, including that tag's own."""
    target = resolve(catalogue, tag_id)
    return tuple(sorted({target, *(each for each in catalogue if resolve(catalogue, each) == target)}))


def _define(catalogue: Catalogue, event: TagDefined) -> Catalogue | Rejected:
    """Add a tag, or replace its labels."""
    known = catalogue.get(event.tag_id)
    if known is not None and known.into_id is not None:
        return TagIsMerged(tag=event.tag_id, into=known.into_id)
    return catalogue | {event.tag_id: Tag(tag_id=event.tag_id, labels=event.labels)}


def _merge(catalogue: Catalogue, event: TagMerged) -> Catalogue | Rejected:
    """Redirect a tag to another one, or remove its redirect."""
    for each in (event.tag_id, event.into):
        if each is not None and each not in catalogue:
            return UnknownTag(tag=each)
    tag = catalogue[event.tag_id]
    if event.into is None and tag.into_id is None:
        return NotMerged(tag=event.tag_id)
    if event.into is not None and event.tag_id in _path(catalogue, event.into):
        return MergeCycle(tag=event.tag_id, into=event.into)
    return catalogue | {event.tag_id: replace(tag, into_id=event.into)}


def _path(catalogue: Catalogue, tag_id: str) -> Iterator[str]:
    """Yield a tag's id and every id along its redirects. Ends, because merges that make a cycle are rejected."""
    following: str | None = tag_id
    while following is not None:
        yield following
        following = catalogue[following].into_id if following in catalogue else None
