"""Generations made by hand: each with one cursor that stands somewhere, and a trail."""

from __future__ import annotations

from chaos import trails
from sqlalchemy import update
from support.record_strategies import PARTITIONS, TOPIC

from newsroom_consumers.control.build import this_build
from newsroom_consumers.control.control import Control
from newsroom_consumers.store.generation import Generation
from newsroom_consumers.store.tables import CURSOR


def plant(control: Control, name: str, position: int) -> None:
    """Make a generation that stands somewhere; the first one is live."""
    control.register(name, this_build(PARTITIONS), now=0)
    session = control.database.session(name)
    Generation(session)
    trails.lay(session)
    cursor = {"topic": TOPIC, "partition": 0, "last_offset": None, "last": None, "chain": bytes(32)}
    with session.begin() as connection:
        connection.execute(CURSOR.insert().values(next_offset=position, epoch=1, owner="a", **cursor))
    session.close()


def move(control: Control, name: str, position: int) -> None:
    """Move the cursor of a generation, forth or back."""
    session = control.database.session(name)
    with session.begin() as connection:
        connection.execute(update(CURSOR).values(next_offset=position))
    session.close()
