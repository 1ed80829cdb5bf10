"""What each of an article's events changed, compared with the state before it.

A draft is compared with the draft before it, a publication with what readers saw before it, and a rejected event with
what its author had seen. Events that changed that in the meantime won the race: they are its ``winners``.
"""

from __future__ import annotations

from typing import Any, NamedTuple, cast

from msgspec.structs import replace

from newsroom_consumers.audit.history.fields import (
    NO_CARD,
    NO_TEXTS,
    Decode,
    Standing,
    instant,
    of_cards,
    of_standing,
    of_texts,
    plain,
    standing,
)
from newsroom_schemas.events import (
    AnyArticleEvent,
    ArticleClassified,
    ArticleCreated,
    ArticleEdited,
    ArticleEmbargoed,
    ArticlePublished,
    ArticleScheduled,
    ArticleTranslated,
    ArticleUnpublished,
    ArticleUnscheduled,
)
from newsroom_schemas.fold.article import evolve
from newsroom_schemas.fold.state import Article, Card, Edition, Recorded, Texts
from newsroom_schemas.rejections import Rejected, VersionConflict

Told = dict[str, Any]
"""``compared`` (what, in which language, from and to which version), ``changes``, and ``winners``."""

NOTHING: Told = {"compared": None, "changes": [], "winners": []}
"""The entry of an event that neither changed anything nor was rejected."""

_Draft = ArticleCreated | ArticleEdited | ArticleTranslated


class _Shown(NamedTuple):
    """What readers see of an edition."""

    version: int
    texts: Texts
    card: Card


class Story:
    """Compares the events of one article, in log order, and remembers every version that they make."""

    def __init__(self, decode: Decode) -> None:
        """``decode`` decodes stored blocks."""
        self._decode = decode
        self._texts: dict[tuple[str, int], Texts] = {}
        self._cards: dict[int, Card] = {}
        self._makers: dict[tuple[str | None, int], Told] = {}
        self._shown: dict[str, _Shown] = {}
        self._seen: str | None = None
        self._drafted_headline: str | None = None

    @property
    def headline(self) -> str | None:
        """The newest headline that readers saw, or the newest draft's if they have seen none."""
        return self._seen or self._drafted_headline

    def applied(self, event: AnyArticleEvent, row: Told, before: Article | None, after: Article) -> Told:
        """Return what an applied event changed. ``row`` is its event row, which tells who acted and when."""
        match event:
            case ArticlePublished(language=language):
                edition = after.editions[language]
                told = self._published(language, _Shown(edition.version, edition.texts, after.card))
            case ArticleCreated() | ArticleEdited() | ArticleTranslated():
                told = self._drafted(event, before, after)
            case ArticleClassified():
                told = _told("card", None, before.card_version if before else None, after.card_version)
                told["changes"] = list(of_cards(before.card if before else NO_CARD, after.card))
            case ArticleUnpublished(reason=reason, note=note, successor=successor):
                said = {"reason": reason, "note": note, "successor": successor}
                told = NOTHING | {"changes": [plain(None, "withdrawal", None, said)]}
            case _:
                told = dict(NOTHING)
        self._remember(event, row, after)
        return told | {"changes": [*told["changes"], *of_standing(standing(before), standing(after))]}

    def refused(self, event: AnyArticleEvent, rejected: Rejected, before: Article | None) -> Told:
        """Return what a rejected event would have changed in what its author saw, and the events that won."""
        seen = rejected.expected if isinstance(rejected, VersionConflict) else None
        match event:
            case ArticlePublished(language=language):
                told = self._unpublished(language, before, seen)
            case ArticleCreated() | ArticleEdited() | ArticleTranslated():
                told = self._undrafted(event, before, seen)
            case ArticleClassified():
                version, card = self._card(before, seen)
                told = _told("card", None, version, None)
                wanted = Card(section=event.section, tags=event.tags, flags=event.flags)
                told["changes"] = list(of_cards(card, wanted))
            case _:
                wish = _wish(event)
                there = {key: value for key, value in standing(before).items() if key in wish}
                told = NOTHING | {"changes": list(of_standing(there, wish))}
        return told | {"winners": self._winners(rejected)}

    def _published(self, language: str, now: _Shown) -> Told:
        """Compare what readers see with what they saw before in this run. Everything is new if they saw nothing."""
        was = self._shown.get(language)
        told = _told("readers", language, was.version if was else None, now.version)
        texts = of_texts(language, was.texts if was else NO_TEXTS, now.texts, self._decode)
        told["changes"] = [*texts, *of_cards(was.card if was else NO_CARD, now.card)]
        return told

    def _unpublished(self, language: str, before: Article | None, seen: int | None) -> Told:
        """Compare what readers would have seen with what they saw."""
        version, texts = self._draft(language, before, seen)
        if version is None or before is None:
            return dict(NOTHING)
        return self._published(language, _Shown(version, texts, before.card))

    def _drafted(self, event: _Draft, before: Article | None, after: Article) -> Told:
        old = before.editions.get(event.language) if before else None
        new = after.editions[event.language]
        told = _told("draft", event.language, old.version if old else None, new.version)
        texts = of_texts(event.language, old.texts if old else NO_TEXTS, new.texts, self._decode)
        told["changes"] = [*texts, *(of_cards(NO_CARD, after.card) if before is None else ())]
        return told

    def _undrafted(self, event: _Draft, before: Article | None, seen: int | None) -> Told:
        version, texts = self._draft(event.language, before, seen)
        told = _told("draft", event.language, version, None)
        told["changes"] = list(of_texts(event.language, texts, _wanted(event, texts), self._decode))
        return told

    def _draft(self, language: str, before: Article | None, seen: int | None) -> tuple[int | None, Texts]:
        """Return the version and texts of the draft that an author saw, or else the current one. 0 means no draft."""
        if seen is not None and (texts := self._texts.get((language, seen))):
            return seen, texts
        edition = before.editions.get(language) if before and seen != 0 else None
        return (edition.version, edition.texts) if edition else (None, NO_TEXTS)

    def _card(self, before: Article | None, seen: int | None) -> tuple[int | None, Card]:
        if seen is not None and (card := self._cards.get(seen)):
            return seen, card
        return (before.card_version, before.card) if before else (None, NO_CARD)

    def _winners(self, rejected: Rejected) -> list[Told]:
        """Return the events that made the versions which the author of a rejected event had not seen."""
        if not isinstance(rejected, VersionConflict):
            return []
        versions = range(rejected.expected + 1, rejected.actual + 1)
        return [maker for version in versions if (maker := self._makers.get((rejected.language, version))) is not None]

    def _remember(self, event: AnyArticleEvent, row: Told, article: Article) -> None:
        """Remember the versions that an event made, to compare later events with."""
        self._cards[article.card_version] = article.card
        self._made(row, None, article.card_version)
        for language, edition in article.editions.items():
            self._texts[language, edition.version] = edition.texts
            self._made(row, language, edition.version)
            if edition.status != "live":
                self._shown.pop(language, None)
            elif isinstance(event, ArticlePublished) and event.language == language:
                self._shown[language] = _Shown(edition.version, edition.texts, article.card)
                self._seen = edition.texts.headline
        if isinstance(event, _Draft):
            self._drafted_headline = article.editions[event.language].texts.headline

    def _made(self, row: Told, language: str | None, version: int) -> None:
        maker = {name: row[name] for name in ("event_id", "type", "actor", "recorded_at")} | {"version": version}
        self._makers.setdefault((language, version), maker)


def _told(what: str, language: str | None, old: int | None, new: int | None) -> Told:
    """Return an entry with what is compared, in which language, and the two versions (null: none, or never made)."""
    return NOTHING | {"compared": {"what": what, "language": language, "from": old, "to": new}}


def _wanted(event: _Draft, seen: Texts) -> Texts:
    """Return the texts that an event asks for, applied to those that its author saw."""
    if not isinstance(event, ArticleEdited):
        return Texts(**{name: getattr(event, name) for name in Texts.__struct_fields__})
    edition = Edition(version=1, texts=seen, changed_by=event.actor, changed_at=0)
    article = Article(article_id=event.article_id, card_version=1, card=NO_CARD, editions={event.language: edition})
    anywhere = Recorded(timestamp=0, topic="", partition=0, offset=0, key=event.article_id)
    edited = evolve(article, replace(event, expected_version=None), anywhere)
    return cast("Article", edited).editions[event.language].texts  # an edit that names no version is never rejected


def _wish(event: AnyArticleEvent) -> Standing:
    """Return the state that an event asks for: nothing for a release, which is rejected only where there is no hold."""
    match event:
        case ArticleScheduled(language=language):
            return {(language, "schedule"): instant(event.publish_at)}
        case ArticleUnscheduled(language=language):
            return {(language, "schedule"): None}
        case ArticleEmbargoed(until=until):
            return {(None, "embargo_until"): instant(until)}
        case ArticleUnpublished(languages=languages):
            return {(language, "status"): "gone" for language in languages}
    return {}
