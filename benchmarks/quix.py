"""A consumer on quixstreams: the same upserts of one table of editions, a transaction for each batch.

It runs in an environment of its own (``quixstreams.lock``), since quixstreams pins other versions than ours. It takes
its orders as JSON on standard input and answers as JSON. What is in its favour: it keeps all editions in memory and
never loads one, and it has no event rows, no dedupe, no seal, no pages for readers.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import time
from typing import Any

import psycopg
from plain import COLUMNS, COMPARED, Decoder, evolve, hash_of
from quixstreams import Application
from quixstreams.models import Deserializer
from quixstreams.sinks import BatchingSink, SinkBatch

_TABLE = "quix_edition"


def main() -> None:
    """Fold as many events as ordered, and print how long it took and what the table holds."""
    orders = json.load(sys.stdin)
    connection, mark = _open(orders["database"])
    sink = Editions(connection, mark)
    app = Application(
        broker_address=orders["bootstrap"],
        consumer_group=orders["group"],
        auto_offset_reset="earliest",
        commit_every=orders["batch"],
        commit_interval=3600,
        auto_create_topics=False,
        loglevel="ERROR",
    )
    decoding = Decoding()
    app.dataframe(app.topic(orders["topic"], value_deserializer=decoding, key_deserializer="str")).sink(sink)
    app.run(count=orders["events"], collect=False)
    rows = connection.execute(f"SELECT {', '.join(COMPARED)} FROM {_TABLE}").fetchall()  # noqa: S608 - names of ours
    seconds = sink.ended - decoding.started
    print(json.dumps({"events": sink.events, "seconds": seconds, "editions": hash_of(rows)}))


class Decoding(Deserializer):  # type: ignore[misc]  # our environment does not have quixstreams
    """Decodes values, and remembers when it was given the first."""

    def __init__(self) -> None:
        super().__init__()
        self.started = 0.0
        self._decode = Decoder()

    def __call__(self, value: bytes, ctx: object) -> dict[str, Any]:  # noqa: ARG002 - quixstreams names it
        """Decode one value."""
        self.started = self.started or time.perf_counter()
        return self._decode(value)


class Editions(BatchingSink):  # type: ignore[misc]  # as above
    """Folds batches onto editions, and stores what each batch has changed: the last row of each edition only."""

    def __init__(self, connection: Any, mark: str) -> None:
        super().__init__()
        self.events = 0
        self.ended = 0.0
        """When the last transaction was over."""
        self._connection = connection
        self._editions: dict[tuple[str, str], dict[str, Any]] = {}
        others = ", ".join(f"{name} = excluded.{name}" for name in COLUMNS[2:])
        self._upsert = (
            f"INSERT INTO {_TABLE} ({', '.join(COLUMNS)}) VALUES ({', '.join([mark] * len(COLUMNS))}) "  # noqa: S608 - as above
            f"ON CONFLICT (article_id, language) DO UPDATE SET {others}"
        )

    def write(self, batch: SinkBatch) -> None:
        """Store the batch of one partition; ``flush`` ends the transaction."""
        changed = {}
        for item in batch:
            key = item.value["article_id"], item.value["language"]
            changed[key] = self._editions[key] = evolve(self._editions.get(key), item.value)
        rows = [tuple(edition[name] for name in COLUMNS) for edition in changed.values()]
        self._connection.cursor().executemany(self._upsert, rows)
        self.events += batch.size

    def flush(self) -> None:
        """Store the batches of all partitions in one transaction."""
        super().flush()
        self._connection.commit()
        self.ended = time.perf_counter()


def _open(place: str) -> tuple[Any, str]:
    """Open a database with an empty table, set as ours is; also give how its statements mark a value."""
    columns = ", ".join(f"{name} {'BIGINT' if 'version' in name else 'TEXT'}" for name in COLUMNS)
    table = f"CREATE TABLE {_TABLE} ({columns}, PRIMARY KEY (article_id, language))"
    connection: Any
    if "://" in place:
        connection = psycopg.connect(place)
        connection.execute("SET synchronous_commit = off")
        connection.execute(f"DROP TABLE IF EXISTS {_TABLE}")
    else:
        connection = sqlite3.connect(f"{place}/quix.sqlite")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute(table)
    connection.commit()
    return connection, "%s" if "://" in place else "?"


if __name__ == "__main__":
    main()
