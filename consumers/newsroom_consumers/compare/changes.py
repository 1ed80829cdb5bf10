"""Differing rows of two generations, grouped by what people know: articles, tag pages, timelines, events, cursors.

Example::

    report = ChangeReport()
    report.take(differences(a, b, PUBLISHED))
    summary(report.differences())
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from newsroom_consumers.compare.rows import RowDifference, readable
from newsroom_consumers.projections import public_metadata
from newsroom_consumers.projections.subject import Subject, subject_of
from newsroom_consumers.store.tables import ARTICLE, CURSOR, EDITION, EVENT, PARKED

KEPT = 10_000
"""Maximum rows of each table whose values are kept, and maximum records listed. The rest is only named or counted."""

VANISHES = "vanishes"
APPEARS = "appears"
WITHDRAWN = "is withdrawn"
RESTORED = "is restored"
CHANGES = "changes"
BEHIND_THE_SCENES = "changes behind the scenes"
"""A change that readers do not see."""

ONLY_A, ONLY_B = "only in a", "only in b"
_PAGES = {Subject.PAGE, Subject.WITHDRAWAL}


class RowChange(msgspec.Struct, frozen=True):
    """A row that differs between generation A and generation B."""

    table: str
    state: str
    """``changed``, ``only in a`` or ``only in b``."""
    fields: dict[str, dict[str, Any]]
    """The values of a changed row in A and in B, by column; empty for rows beyond ``KEPT``."""


class ArticleChange(msgspec.Struct, kw_only=True):
    """An edition that differs, or the parts of an article besides its editions."""

    article_id: str
    language: str | None
    """``None`` for the article's card, embargo and hold."""
    change: str = BEHIND_THE_SCENES
    rows: list[RowChange] = []


class EntryChange(msgspec.Struct, frozen=True):
    """An entry of a list that is in both generations but differs; ``fields`` as in `RowChange`."""

    article_id: str
    fields: dict[str, dict[str, Any]]


class ListChange(msgspec.Struct, kw_only=True):
    """A tag page or a timeline whose entries differ."""

    tag_id: str | None
    """``None`` for a timeline."""
    language: str
    gained: list[str] = []
    """Ids of articles that are listed in B only."""
    lost: list[str] = []
    """Ids of articles that are listed in A only."""
    moved: list[EntryChange] = []
    """Entries at another place in the list: their instant or their first event differs."""
    changed: list[EntryChange] = []

    def finish(self, gained: dict[str, RowDifference], lost: dict[str, RowDifference]) -> None:
        """Add the entries that are in one generation only, by article id. An article in both arguments has moved."""
        self.gained = sorted(gained.keys() - lost.keys())
        self.lost = sorted(lost.keys() - gained.keys())
        for id_ in sorted(gained.keys() & lost.keys()):
            both = RowDifference(gained[id_].table, lost[id_].a, gained[id_].b)
            self.moved.append(EntryChange(id_, both.fields()))


class RecordChange(msgspec.Struct, frozen=True, kw_only=True):
    """A record whose event row or parked row differs."""

    topic: str
    partition: int
    offset: int
    article_id: str | None
    """Empty for a record of the tag catalogue."""
    row: RowChange


class EventChange(RecordChange, frozen=True, kw_only=True):
    """An event row that differs."""

    a: str | None
    """The outcome in A; ``None`` if A has no row."""
    b: str | None


class TagChange(msgspec.Struct, frozen=True):
    """A tag whose row in the catalogue differs."""

    tag_id: str
    row: RowChange


class CursorChange(msgspec.Struct, frozen=True):
    """A partition whose cursor row differs."""

    topic: str
    partition: int
    row: RowChange


class Differences(msgspec.Struct, frozen=True, kw_only=True):
    """All differences of two generations."""

    article_ids: list[str]
    """Ids of all articles that a differing row belongs to."""
    articles: list[ArticleChange]
    tags: list[ListChange]
    timelines: list[ListChange]
    catalogue: list[TagChange]
    parked: list[RecordChange]
    events: list[EventChange]
    cursors: list[CursorChange]
    counts: dict[str, int]
    """Number of differing rows, by table."""


class ChangeReport:
    """Collects the differing rows of all tables and groups them."""

    def __init__(self) -> None:
        """Begin with no differences."""
        self._counts: Counter[str] = Counter()
        self._ids: set[str] = set()
        self._articles: dict[tuple[str, str | None], ArticleChange] = {}
        self._lists: dict[tuple[str, str | None, str], ListChange] = {}
        self._records: dict[str, list[Any]] = {EVENT.name: [], PARKED.name: []}
        self._pages: dict[tuple[str, str | None], dict[Subject, str]] = {}
        self._catalogue: list[TagChange] = []
        self._cursors: list[CursorChange] = []
        self._entries: dict[tuple[str, str | None, str], tuple[dict[str, RowDifference], dict[str, RowDifference]]] = {}

    def take(self, differing: Iterable[RowDifference]) -> None:
        """Add the differences of a table."""
        for each in differing:
            self._counts[str(each.table.name)] += 1
            self._ids.update(readable(row["article_id"]) for row in (each.a, each.b) if row and row.get("article_id"))
            self._add(each)

    def differences(self) -> Differences:
        """Return the differences, sorted by name. Call it once, at the end."""
        for key, entries in self._entries.items():
            self._list(key).finish(*entries)
        self._entries.clear()
        lists = [self._lists[key] for key in sorted(self._lists, key=lambda key: (key[1] or "", key[2]))]
        return Differences(
            article_ids=sorted(self._ids),
            articles=[self._articles[key] for key in sorted(self._articles, key=lambda key: (key[0], key[1] or ""))],
            tags=[each for each in lists if each.tag_id is not None],
            timelines=[each for each in lists if each.tag_id is None],
            catalogue=self._catalogue,
            parked=self._records[PARKED.name],
            events=self._records[EVENT.name],
            cursors=self._cursors,
            counts=dict(self._counts),
        )

    def _add(self, each: RowDifference) -> None:
        subject = subject_of(each.table)
        if subject in _PAGES or each.table in {ARTICLE, EDITION}:
            self._take_article(each, subject)
        elif subject is Subject.ENTRY:
            self._take_entry(each)
        elif subject is Subject.TAG:
            self._catalogue.append(TagChange(readable(each.known("tag_id")), self._row(each)))
        elif each.table in {EVENT, PARKED}:
            self._take_record(each)
        elif each.table is CURSOR:
            self._cursors.append(CursorChange(readable(each.known("topic")), each.known("partition"), self._row(each)))

    def _take_article(self, each: RowDifference, subject: Subject | None) -> None:
        language = each.known("language")
        key = (readable(each.known("article_id")), None if language is None else readable(language))
        if key not in self._articles:
            self._articles[key] = ArticleChange(article_id=key[0], language=key[1])
        self._articles[key].rows.append(self._row(each))
        if subject is not None:
            self._pages.setdefault(key, {})[subject] = each.state()
            self._articles[key].change = _change_of(self._pages[key])

    def _take_entry(self, each: RowDifference) -> None:
        tag_id = each.known("tag_id")
        key = (each.table.name, None if tag_id is None else readable(tag_id), readable(each.known("language")))
        id_ = readable(each.known("article_id"))
        gained, lost = self._entries.setdefault(key, ({}, {}))
        if each.a is None:
            gained[id_] = each
        elif each.b is None:
            lost[id_] = each
        else:
            self._list(key).changed.append(EntryChange(id_, self._row(each).fields))

    def _list(self, key: tuple[str, str | None, str]) -> ListChange:
        return self._lists.setdefault(key, ListChange(tag_id=key[1], language=key[2]))

    def _take_record(self, each: RowDifference) -> None:
        kept = self._records[each.table.name]
        if len(kept) >= KEPT:
            return
        id_ = each.known("article_id")
        place = (readable(each.known("topic")), each.known("partition"), each.known("offset"))
        named: dict[str, Any] = dict(zip(("topic", "partition", "offset"), place, strict=True))
        named |= {"article_id": None if id_ is None else readable(id_), "row": self._row(each)}
        if each.table is EVENT:
            a, b = (None if said is None else readable(said) for said in each.both("outcome"))
            kept.append(EventChange(**named, a=a, b=b))
        else:
            kept.append(RecordChange(**named))

    def _row(self, each: RowDifference) -> RowChange:
        fields = each.fields() if self._counts[each.table.name] <= KEPT else {}
        return RowChange(str(each.table.name), each.state(), fields)


def _unnamed(differences: Differences) -> Iterator[tuple[str, int]]:
    """Yield each public table that declares no subject, and how many of its rows differ."""
    for table in (table for metadata in public_metadata() for table in metadata.sorted_tables):
        if subject_of(table) is None:
            yield table.name, differences.counts.get(table.name, 0)


def _change_of(states: Mapping[Subject, str]) -> str:
    """Return how an edition changes, from the state of its page and of what is left of it once it is gone."""
    gone = states.get(Subject.WITHDRAWAL)
    left, came = (WITHDRAWN if gone == ONLY_B else VANISHES), (RESTORED if gone == ONLY_A else APPEARS)
    return {ONLY_A: left, ONLY_B: came}.get(states.get(Subject.PAGE, ""), CHANGES)


def summary(differences: Differences) -> str:
    """Return one sentence with the number of each kind: "312 tag pages change, 2 articles vanish"."""
    articles = differences.articles
    changes = {change: {each.article_id for each in articles if each.change == change} for change in _VERBS}
    changes[BEHIND_THE_SCENES] -= set().union(*(ids for change, ids in changes.items() if change != BEHIND_THE_SCENES))
    counted = [(len(changes[change]), "article", *verbs) for change, verbs in _VERBS.items()]
    timelines = sum(len(each.gained + each.lost) + len(each.moved + each.changed) for each in differences.timelines)
    counted += [
        (len(differences.tags), "tag page", "changes", "change"),
        (timelines, "timeline entry", "changes", "change"),
        (len(differences.catalogue), "tag of the catalogue", "changes", "change"),
        (differences.counts.get(PARKED.name, 0), "parked record", "differs", "differ"),
        (differences.counts.get(EVENT.name, 0), "event row", "differs", "differ"),
        (len(differences.cursors), "cursor", "differs", "differ"),
        *((rows, f"row of {table}", "differs", "differ") for table, rows in _unnamed(differences)),
    ]
    said = [_counted(*each) for each in counted if each[0]]
    return ", ".join(said) or "no row differs"


_VERBS = {
    VANISHES: (VANISHES, "vanish"),
    APPEARS: (APPEARS, "appear"),
    WITHDRAWN: (WITHDRAWN, "are withdrawn"),
    RESTORED: (RESTORED, "are restored"),
    CHANGES: (CHANGES, "change"),
    BEHIND_THE_SCENES: (BEHIND_THE_SCENES, "change behind the scenes"),
}
_PLURALS = {"timeline entry": "timeline entries"}


def _counted(count: int, thing: str, one: str, many: str) -> str:
    if count == 1:
        return f"1 {thing} {one}"
    first, *rest = thing.split(" of ")
    plural = _PLURALS.get(thing) or " of ".join((f"{first}s", *rest))
    return f"{count:,} {plural} {many}"
