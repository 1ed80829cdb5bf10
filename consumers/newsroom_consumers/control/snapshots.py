"""Cuts that are kept for questions about the past, in the control database: when each was folded, and last asked.

Each is a generation of its name. Those asked longest ago make room; nothing here says what the log does not.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, MetaData, Table, delete, insert, select, update

from newsroom_consumers.projections.columns import integer, text

METADATA = MetaData()
CUT = Table(
    "cut", METADATA, text("name", key=True), text("offsets"), integer("folded_at", null=True), integer("used_at")
)
"""``name`` is the generation's; ``offsets`` is canonical JSON; the instants are microseconds."""


def use(connection: Connection, name: str, offsets: str, now: int) -> None:
    """Note that a cut is asked now, for the first time or again."""
    if connection.execute(update(CUT).where(CUT.c.name == name).values(used_at=now)).rowcount == 0:
        connection.execute(insert(CUT).values(name=name, offsets=offsets, folded_at=None, used_at=now))


def folded(connection: Connection, name: str, now: int) -> None:
    """Note that a cut holds all that it shall."""
    connection.execute(update(CUT).where(CUT.c.name == name).values(folded_at=now))


def folded_at(connection: Connection, name: str) -> int | None:
    """Say when a cut was folded to its end; ``None`` when it was not."""
    return connection.scalar(select(CUT.c.folded_at).where(CUT.c.name == name))


def oldest(connection: Connection, besides: int) -> Sequence[str]:
    """Name the cuts used longest ago, but for so many that were used last."""
    return connection.scalars(select(CUT.c.name).order_by(CUT.c.used_at.desc(), CUT.c.name).offset(besides)).all()


def forget(connection: Connection, name: str) -> None:
    """Know nothing more of a cut."""
    connection.execute(delete(CUT).where(CUT.c.name == name))
