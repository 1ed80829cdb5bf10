"""A consumer as one writes it first: for each event, load the edition by the ORM, merge what it is now, and commit.

SQLAlchemy and both databases are as they come: every commit reaches the disk.
"""

from __future__ import annotations

import time
from typing import Any

from plain import COMPARED, Decoder, evolve, hash_of
from sqlalchemy import create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from newsroom_consumers.log.cut import Cut, CutLog
from newsroom_infra.app.log import kafka_log
from newsroom_infra.settings import Settings


class _Base(DeclarativeBase):
    """Knows the table."""


class Edition(_Base):
    """The state of one edition."""

    __tablename__ = "naive_edition"

    article_id: Mapped[str] = mapped_column(primary_key=True)
    language: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int]
    slug: Mapped[str]
    headline: Mapped[str]
    lead: Mapped[str | None]
    blocks: Mapped[str]
    status: Mapped[str]
    published_version: Mapped[int | None]


def drain(settings: Settings, cut: Cut) -> dict[str, Any]:
    """Move the table along the log from its first record up to a cut, and return how long that took."""
    place = settings.database_place
    url = place.replace("postgresql:", "postgresql+psycopg:") if "://" in place else f"sqlite:///{place}/naive.sqlite"
    engine = create_engine(url)
    _Base.metadata.drop_all(engine)
    _Base.metadata.create_all(engine)
    log = kafka_log(settings)
    reading, decode = CutLog(log, cut), Decoder()
    for at in cut:
        reading.seek(at, 0)
    total, seen, started = sum(cut.values()), 0, time.perf_counter()
    while seen < total:
        for record in reading.poll(0.5).records:
            with Session(engine) as session:
                _apply(session, decode(record.value or b""))
            seen += 1
    seconds = time.perf_counter() - started
    log.close()
    with Session(engine) as session:
        rows = session.execute(select(*(getattr(Edition, name) for name in COMPARED))).all()
    engine.dispose()
    return {"events": seen, "seconds": seconds, "editions": hash_of(rows)}


def _apply(session: Session, event: dict[str, Any]) -> None:
    found = session.get(Edition, (event["article_id"], event["language"]))
    before = {name: getattr(found, name) for name in Edition.__table__.columns.keys()} if found else None  # noqa: SIM118
    session.merge(Edition(**evolve(before, event)))
    session.commit()
