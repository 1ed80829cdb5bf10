"""Folds a log that lies in a file, in a process of its own, into a generation; prints a hash and its digest.

The command line: the file, the place of the generation, the size of batches.
"""

from __future__ import annotations

import hashlib
import pickle
import sys
from collections.abc import Sequence
from pathlib import Path

from support.kit import Tables, scan
from support.memory_log import MemoryLog
from support.record_strategies import PARTITIONS
from support.writing import READER

from newsroom_consumers.database import open_database
from newsroom_consumers.database.database import Database
from newsroom_consumers.fold.batch import BatchFold
from newsroom_consumers.log.record import Record
from newsroom_consumers.store.digests import digest_of, digests
from newsroom_consumers.store.generation import Generation
from newsroom_consumers.worker.loop import Loop


def fold(records: Sequence[Record], database: Database, sizes: Sequence[int], name: str = "main") -> Tables:
    """Fold records into a generation in batches of some sizes, and scan its tables."""
    session = database.session(name)
    loop = Loop(
        MemoryLog(PARTITIONS, records, sizes=sizes),
        Generation(session),
        READER,
        BatchFold(),
        owner="test",
        cached=1,
    )
    while loop.run_once(0).records:
        pass
    session.close()
    with database.reading(name) as connection:
        return scan(connection)


def digest(database: Database, name: str = "main") -> str:
    """Return the digest of all tables of a generation."""
    with database.auditing(name) as connection:
        return digest_of(digests(connection))


def hash_of(tables: Tables) -> str:
    """Return a hash of all tables."""
    return hashlib.sha256(repr(tables).encode()).hexdigest()


if __name__ == "__main__":
    file, place, size = sys.argv[1:]
    log = pickle.loads(Path(file).read_bytes())  # noqa: S301 - our own records, written by the test
    database = open_database(place)
    sys.stdout.write(f"{hash_of(fold(log, database, [int(size)]))} {digest(database)}")
