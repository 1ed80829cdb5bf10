"""One log makes the same tables: on both databases, in any batches, under any hash seed, time zone and locale."""

from __future__ import annotations

import itertools
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import fold_model as make
from support.batches import digest, fold, hash_of
from support.postgres import Server, fresh_database
from support.record_strategies import SPOILERS, numbered, real, record_of, records
from support.strategies import unhurried

from newsroom_consumers.database.postgres import PostgresDatabase
from newsroom_consumers.database.sqlite import SqliteDatabase
from newsroom_consumers.log.record import Record
from newsroom_schemas.events import AnyEvent

IDS = ("a", "B", "b-1", "b_1", "b1", "Z", "z", "0", "a-a", "aA")
"""Every locale has an order of its own for these."""
HEADLINES = ("Ґанок", "ганок", "Їжак", "I", "ı", "’", "\N{COMBINING ACUTE ACCENT}", "\U0001f300", "", "\x7f")


class Surroundings(NamedTuple):
    """Where a log is folded."""

    database: str
    batch: str
    hash_seed: str
    zone: str
    locale: str

    def environment(self) -> dict[str, str]:
        """Return the variables that make it so."""
        locale = {"LANG": self.locale, "LC_ALL": self.locale}
        return {"PYTHONHASHSEED": self.hash_seed, "TZ": self.zone} | locale


SURROUNDINGS = [
    Surroundings("sqlite", "1", "1", "Asia/Kathmandu", "uk_UA.UTF-8"),
    Surroundings("sqlite", "500", "2", "America/St_Johns", "C"),
    Surroundings("postgres", "1", "3", "Pacific/Apia", "tr_TR.UTF-8"),
    Surroundings("postgres", "500", "4", "UTC", "C.UTF-8"),
]
_numbers = itertools.count()


@pytest.fixture(scope="module")
def url(postgres: Server) -> Iterator[str]:
    """Create an empty database."""
    with fresh_database(postgres) as created:
        yield created


@pytest.fixture(scope="module")
def log() -> list[Record]:
    """Write a log of all kinds of events and of garbage, about articles whose order is not the same everywhere."""
    made = []
    for number, (article_id, headline) in enumerate(zip(IDS, HEADLINES, strict=True)):
        events: list[AnyEvent] = [
            make.created(article_id=article_id, headline=headline or "x", tags=("Z", "a", "t1")),
            make.defined(f"t{number}", uk=headline, en="I"),
            make.published(article_id=article_id),
            make.translated(article_id=article_id, language="en", source_language="uk", source_version=1),
            make.edited(article_id=article_id, lead=headline, expected_version=9),
            make.published(article_id=article_id, language="en", note=make.correction(headline)),
            make.edited(article_id=article_id, lead=headline),
        ]
        if number % 2:
            events.append(make.unpublished(article_id=article_id, languages=("uk",), note=headline))
        named = [msgspec.structs.replace(each, event_id=f"{article_id}{n}") for n, each in enumerate(events)]
        written = [record_of(real(each), timestamp=make.NOON + n) for n, each in enumerate(named)]
        spoil = list(SPOILERS.values())[number % len(SPOILERS)]
        made += [*written, written[0], spoil(written[-1])]
    return numbered(made, {3, 20})


@pytest.fixture
def log_file(log: list[Record], tmp_path: Path) -> Path:
    """Write the log down for another process."""
    file = tmp_path / "log"
    file.write_bytes(pickle.dumps(log))
    return file


@pytest.fixture
def places(postgres: Server, tmp_path: Path) -> Iterator[Mapping[str, str]]:
    """Return an empty place of each kind."""
    with fresh_database(postgres) as url:
        yield {"sqlite": str(tmp_path), "postgres": url}


@pytest.fixture(scope="module")
def expected(log: list[Record], tmp_path_factory: pytest.TempPathFactory) -> str:
    """Fold the log here, and return the hash of its tables and their digest."""
    database = SqliteDatabase(tmp_path_factory.mktemp("expected"))
    tables = fold(log, database, [7])
    assert all(tables.values()), {name: len(rows) for name, rows in tables.items()}
    return f"{hash_of(tables)} {digest(database)}"


@pytest.mark.parametrize("surroundings", SURROUNDINGS)
def test_a_log_makes_the_same_tables_wherever_it_is_folded(
    log_file: Path, expected: str, places: Mapping[str, str], surroundings: Surroundings
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "support.batches", str(log_file), places[surroundings.database], surroundings.batch],
        cwd=Path(__file__).parents[1],
        env=os.environ | surroundings.environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == expected


@settings(unhurried, max_examples=25)
@given(records(), st.lists(st.integers(1, 30), min_size=1, max_size=3))
def test_any_log_makes_the_same_tables_on_both_databases(url: str, log: list[Record], sizes: list[int]) -> None:
    with TemporaryDirectory() as folder:
        sqlite, postgres, name = SqliteDatabase(Path(folder)), PostgresDatabase(url), f"g{next(_numbers)}"
        on_sqlite = fold(log, sqlite, [500])
        assert fold(log, postgres, sizes, name) == on_sqlite
        assert digest(postgres, name) == digest(sqlite)
