"""The trail of a generation's cursors: every write to them, kept by a trigger in the transaction that wrote.

What a crash of the database takes back is thus taken back from the trail too.
"""

from __future__ import annotations

from collections.abc import Iterator

from chaos.evidence import Finding, Held, Move
from sqlalchemy import Connection

from newsroom_consumers.database.database import Session
from newsroom_consumers.log.record import Partition

_SQLITE = """
CREATE TABLE IF NOT EXISTS chaos_trail (
    number INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT, "partition" INTEGER, next_offset INTEGER, epoch INTEGER,
    session TEXT, owner TEXT
);;
CREATE TRIGGER IF NOT EXISTS chaos_moved AFTER UPDATE ON cursor BEGIN
    INSERT INTO chaos_trail (topic, "partition", next_offset, epoch, owner)
    VALUES (NEW.topic, NEW.partition, NEW.next_offset, NEW.epoch, NEW.owner);
END
"""
_POSTGRES = """
CREATE TABLE IF NOT EXISTS chaos_trail (
    number bigserial PRIMARY KEY, topic text, partition bigint, next_offset bigint, epoch bigint, session text,
    owner text
);;
CREATE OR REPLACE FUNCTION chaos_moved() RETURNS trigger LANGUAGE plpgsql AS $body$ BEGIN
    EXECUTE format(
        'INSERT INTO %%I.chaos_trail (topic, partition, next_offset, epoch, session, owner) '
        'VALUES ($1, $2, $3, $4, $5, $6)', TG_TABLE_SCHEMA
    ) USING NEW.topic, NEW.partition, NEW.next_offset, NEW.epoch, current_setting('application_name'), NEW.owner;
    RETURN NULL;
END $body$;;
CREATE OR REPLACE TRIGGER chaos_moved AFTER UPDATE ON "cursor" FOR EACH ROW EXECUTE FUNCTION chaos_moved()
"""


_FENCE = "promote"
"""The owner that a promotion writes into the cursors of the generation that it takes from readers."""


def lay(session: Session) -> None:
    """Begin the trail of a generation whose tables are there."""
    with session.begin() as connection:
        for statement in (_POSTGRES if connection.dialect.name == "postgresql" else _SQLITE).split(";;"):
            connection.exec_driver_sql(statement)


def read(connection: Connection) -> list[Move]:
    """Read a trail, oldest first."""
    statement = 'SELECT topic, "partition", next_offset, epoch, session, owner FROM chaos_trail ORDER BY number'
    return [Move(*row) for row in connection.exec_driver_sql(statement)]


def check(held: Held) -> Iterator[Finding]:
    """Name cursors and epochs that went back, and writes of processes that do not own the epoch."""
    before: dict[tuple[str, int], Move] = {}
    takers: dict[tuple[str, int], str | None] = {}
    for move in held.trail:
        at = (move.topic, move.partition)
        last = before.get(at, move._replace(next_offset=0, epoch=0))
        where = f"{move.topic}/{move.partition}"
        if move.next_offset < last.next_offset:
            what = f"the cursor of {where} went back from {last.next_offset} to {move.next_offset}"
            yield Finding("zombie-write", held.name, what)
        if move.epoch < last.epoch:
            what = f"the epoch of {where} went back from {last.epoch} to {move.epoch}"
            yield Finding("zombie-write", held.name, what)
        if move.owner == _FENCE and move.next_offset != last.next_offset:
            yield Finding("zombie-write", held.name, f"{where} was moved after a promotion had fenced all workers")
        if move.epoch != last.epoch:
            takers[at] = move.session
        elif takers.get(at) != move.session:
            what = f"{move.session} moved {where}, which {takers.get(at)} had taken in epoch {move.epoch}"
            yield Finding("zombie-write", held.name, what)
        before[at] = move
    for (topic, partition), move in before.items():
        if move.next_offset != held.cursors.get(Partition(topic, partition)):
            what = f"the cursor of {topic}/{partition} does not stand where its last write left it"
            yield Finding("zombie-write", held.name, what)
