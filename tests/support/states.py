"""States of articles: one with something in every field, and random ones."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from support.event_strategies import authors, counts, ids, images, instants, languages, optional, texts, tuples, uuids

from newsroom_schemas.fold.state import Article, Card, DatedNote, Edition, Lineage, Run, Schedule, Texts
from newsroom_schemas.values import Author, Image, StoredBlocks

FULL_EDITION = Edition(
    version=3,
    texts=Texts(
        slug="buria",
        headline="Буря ’’ \N{SNOWMAN}",
        lead="",
        image=Image(src="media:00.jpg", width=1, height=2, alt="a", caption="b", credit="c"),
        authors=(Author(id="olena", name="Олена"), Author(id="john", name="John")),
        legacy_urls=("/old/1", "/old/2"),
        blocks=StoredBlocks(b"\x02\0\xff", "0123456789abcdef"),
    ),
    lineage=Lineage(source_language="en", source_version=2, translator="olena", method="human"),
    status="live",
    run=Run(version=2, card_version=4, first_published_at=-5, first_event_id="e1", updated_at=9),
    notes=(DatedNote(kind="correction", text="x", at=7), DatedNote(kind="update", text="", at=8)),
    schedule=Schedule(publish_at=2**62, schedule_id="e2"),
    changed_by="olena",
    changed_at=2**53 + 1,
)
FULL = Article(
    article_id="storm",
    card_version=4,
    card=Card(section="world", tags=("b", "a"), flags=("video", "main")),
    embargo_until=2**62 + 1,
    hold=True,
    editions={"uk": FULL_EDITION},
)

stored_blocks = st.just(()) | st.builds(StoredBlocks, st.binary(min_size=1, max_size=30), st.just("0" * 16))
runs = st.builds(
    Run,
    version=counts,
    card_version=counts,
    first_published_at=instants,
    first_event_id=uuids,
    updated_at=optional(instants),
)
editions = st.builds(
    Edition,
    version=counts,
    texts=st.builds(
        Texts,
        slug=texts,
        headline=texts,
        lead=optional(texts),
        image=optional(images),
        authors=tuples(authors),
        legacy_urls=tuples(texts),
        blocks=stored_blocks,
    ),
    lineage=optional(
        st.builds(Lineage, source_language=languages, source_version=counts, translator=optional(ids), method=ids)
    ),
    status=st.sampled_from(["draft", "live", "gone"]),
    run=optional(runs),
    notes=tuples(st.builds(DatedNote, kind=ids, text=texts, at=instants)),
    schedule=optional(st.builds(Schedule, publish_at=instants, schedule_id=uuids)),
    changed_by=texts,
    changed_at=instants,
)
articles: st.SearchStrategy[Any] = st.builds(
    Article,
    article_id=ids,
    card_version=counts,
    card=st.builds(Card, section=optional(ids), tags=tuples(ids), flags=tuples(ids)),
    embargo_until=optional(instants),
    hold=st.booleans(),
    editions=st.dictionaries(languages, editions, max_size=3),
)
"""Articles as no newsroom might have them, but as the types allow."""
