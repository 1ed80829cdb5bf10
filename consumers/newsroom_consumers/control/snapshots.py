"""The folded cuts that are kept to answer questions about the past: when each was folded and last used.

The list is in the control database; each cut is a generation with the same name. Those used longest ago are dropped to
make room, which loses nothing: they can be folded from the log again.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, MetaData, Table, delete, insert, select, update

from newsroom_consumers.projections.columns import integer, text

METADATA = MetaData()
CUT = Table(
    "cut", METADATA, text("name", key=True), text("offsets"), integer("folded_at", null=True), integer("used_at")
)
"""``name`` is the generation's; ``offsets`` are canonical JSON; instants are microseconds."""


def use(connection: Connection, name: str, offsets: str, now: int) -> None:
    """Record that a cut is used now, for the first time or again. ``now`` is in microseconds."""
    if connection.execute(update(CUT).where(CUT.c.name == name).values(used_at=now)).rowcount == 0:
        connection.execute(insert(CUT).values(name=name, offsets=offsets, folded_at=None, used_at=now))


def folded(connection: Connection, name: str, now: int) -> None:
    """Record that a cut is folded completely. ``now`` is in microseconds."""
    connection.execute(update(CUT).where(CUT.c.name == name).values(folded_at=now))


def folded_at(connection: Connection, name: str) -> int | None:
    """Return when a cut was folded completely (microseconds), or ``None`` if it is not."""
    return connection.scalar(select(CUT.c.folded_at).where(CUT.c.name == name))


def oldest(connection: Connection, besides: int) -> Sequence[str]:
    """Return the names of all cuts except the ``besides`` used last."""
    return connection.scalars(select(CUT.c.name).order_by(CUT.c.used_at.desc(), CUT.c.name).offset(besides)).all()


def forget(connection: Connection, name: str) -> None:
    """Delete a cut from the list."""
    connection.execute(delete(CUT).where(CUT.c.name == name))
