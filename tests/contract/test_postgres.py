"""Generations in PostgreSQL schemas keep the contracts."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import psycopg
import pytest
from contract.database_contract import BUILD, DatabaseContract
from contract.store_contract import StoreContract
from sqlalchemy import Connection, Table, insert, make_url, select, text
from sqlalchemy.exc import DBAPIError
from support import fold_model as make
from support.kit import TABLES
from support.postgres import PASSWORD, Server, fresh_database, running_server
from support.states import FULL, FULL_EDITION
from support.workers import until
from support.writing import Writer, records_of

from newsroom_consumers.control.control import GENERATION, Control
from newsroom_consumers.database import open_database
from newsroom_consumers.database.database import Database, DatabaseAwayError, DatabaseUrlError, Session
from newsroom_consumers.database.postgres import PostgresDatabase
from newsroom_consumers.database.postgres_role import READERS, ReaderRoleError
from newsroom_consumers.database.postgres_rows import FEW
from newsroom_consumers.fold.aggregate import Aggregate
from newsroom_consumers.fold.result import FoldResult
from newsroom_consumers.log.record import Partition
from newsroom_consumers.projections import public_names
from newsroom_consumers.projections.published import PUBLISHED
from newsroom_consumers.store.cursors import FencedError
from newsroom_consumers.store.generation import Generation
from newsroom_consumers.store.tables import ARTICLE, CURSOR

_numbers = itertools.count()


@pytest.fixture
def url(postgres: Server) -> Iterator[str]:
    """Create an empty database."""
    with fresh_database(postgres) as created:
        yield created


@pytest.fixture
def stranger(postgres: Server, url: str) -> Iterator[str]:
    """Create a login that owns nothing and may make schemas in the empty database; give its URL."""
    login = f"stranger_{next(_numbers)}"
    database = make_url(url).database
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {login} LOGIN PASSWORD '{PASSWORD}'")
        connection.execute(f"GRANT CREATE ON DATABASE {database} TO {login}")
        yield make_url(url).set(username=login, password=PASSWORD).render_as_string(hide_password=False)
        connection.execute(f"REVOKE CREATE ON DATABASE {database} FROM {login}")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"DROP OWNED BY {login}")
        connection.execute(f"DROP ROLE {login}")


class TestPostgres(StoreContract):
    """The contract on PostgreSQL."""

    @pytest.fixture
    def session(self, postgres: Server) -> Session:
        """Open an empty schema."""
        return PostgresDatabase(postgres.url).session(f"contract_{next(_numbers)}")

    @pytest.mark.parametrize("together", [1, FEW + 1])
    def test_editions_of_usual_size_are_not_compressed(
        self, generation: Generation, session: Session, together: int
    ) -> None:
        """Neither on their way, by a temporary table where they are many, nor where they end."""
        texts = msgspec.structs.replace(FULL_EDITION.texts, lead="a" * 3000)
        editions = {"uk": msgspec.structs.replace(FULL_EDITION, texts=texts)}
        articles = [msgspec.structs.replace(FULL, article_id=f"a{n}", editions=editions) for n in range(together)]
        changed = {each.article_id: Aggregate(id=each.article_id, article=each) for each in articles}
        generation.commit([], FoldResult(changed=changed))
        with session.begin() as connection:
            found = connection.execute(text("SELECT pg_column_compression(content) FROM edition")).all()
        assert found == [(None,)] * together

    def test_what_the_server_refuses_in_a_large_batch_is_an_error_of_the_database_as_in_a_small_one(
        self, generation: Generation
    ) -> None:
        """Large ones are copied, past SQLAlchemy, whose errors the store knows."""
        card = msgspec.structs.replace(FULL.card, section="a\0")
        for together in (1, FEW + 1):
            articles = [msgspec.structs.replace(FULL, article_id=f"a{n}", card=card) for n in range(together)]
            changed = {each.article_id: Aggregate(id=each.article_id, article=each) for each in articles}
            with pytest.raises(DBAPIError, match=r"NUL|0x00"):
                generation.commit([], FoldResult(changed=changed))


class TestPostgresDatabase(DatabaseContract):
    """The contract of a PostgreSQL database."""

    @pytest.fixture
    def database(self, url: str) -> Database:
        """Open an empty database."""
        return open_database(url)

    def test_it_takes_many_workers(self, database: Database) -> None:
        with database.worker_lock("main"), database.worker_lock("main"):
            assert database.many_workers

    def test_where_it_is_hides_the_password(self, url: str) -> None:
        said = PostgresDatabase(f"{url}?password={PASSWORD}").where("main")
        assert said.startswith("postgresql://newsroom:***@127.0.0.1:")
        assert said.endswith(", schema generation_main")
        assert "s3cret" not in said

    def test_a_name_is_taken_as_it_is_written(self, database: Database) -> None:
        session = database.session('My "site"')
        Generation(session)
        session.close()
        with database.reading('My "site"') as connection:
            assert connection.scalar(text("SELECT current_schema()")) == 'generation_My "site"'

    @pytest.mark.usefixtures("generation")
    def test_all_text_is_in_byte_order_whatever_the_order_of_the_database(self, database: Database) -> None:
        query = """SELECT DISTINCT collation_name FROM information_schema.columns
                   WHERE table_schema = current_schema() AND data_type = 'text'"""
        with database.reading("main") as connection:
            assert connection.scalars(text(query)).all() == ["C"]

    def test_a_login_of_readers_sees_public_tables_whatever_role_it_asks_for(
        self, database: Database, generation: Generation, postgres: Server, stranger: str
    ) -> None:
        """A site that is broken into can ask for any role: its login has rights on nothing else."""
        Control(database).register(generation.name, BUILD, now=0)
        login = make_url(stranger).username
        with psycopg.connect(postgres.url, autocommit=True) as connection:
            connection.execute(f"GRANT {READERS} TO {login}")
        site = open_database(stranger)
        assert Control(site).live() == "main"
        for statement in ("RESET ROLE", "SET ROLE NONE", f"SET ROLE {login}"):
            with site.public("main") as connection:
                connection.exec_driver_sql(statement)
                assert connection.execute(select(PUBLISHED)).all()
                for table in TABLES:
                    allowed = connection.scalar(
                        text("SELECT has_table_privilege(:name, 'SELECT')"), {"name": table.name}
                    )
                    assert allowed == (table.name in public_names())
                with pytest.raises(DBAPIError, match="permission denied"):
                    connection.execute(select(ARTICLE))

    def test_a_worker_that_freezes_in_a_transaction_is_put_out_and_told_so(
        self, database: Database, generation: Generation
    ) -> None:
        """Its session ends by a time-out of the server's; here a short one."""

        def is_there(pid: int | None) -> bool:
            with database.reading("main") as reader:
                query = text("SELECT count(*) FROM pg_stat_activity WHERE pid = :pid")
                return bool(reader.scalar(query, {"pid": pid}))

        def freeze() -> None:
            with generation._session.begin() as connection:
                assert connection.scalar(text("SHOW idle_in_transaction_session_timeout")) == "10s"
                connection.exec_driver_sql("SET idle_in_transaction_session_timeout = 1")
                pid = connection.scalar(text("SELECT pg_backend_pid()"))
                until(lambda: not is_there(pid))
                connection.scalar(text("SELECT 1"))

        with pytest.raises(DatabaseAwayError):
            freeze()
        assert generation.cursors()

    def test_of_two_workers_that_enter_a_generation_at_once_the_second_finds_it_there(
        self, database: Database, url: str
    ) -> None:
        control = Control(database)
        control.enter("other", BUILD, now=0)
        with control.writing() as first, ThreadPoolExecutor(1) as pool:
            first.execute(insert(GENERATION).values({**_row(first, GENERATION), "name": "main"}))
            second = pool.submit(control.enter, "main", BUILD, now=1)
            until(lambda: _waits_for_a_lock(url))
            first.commit()
            second.result(30)
        assert [(each.name, each.created_at) for each in control.all()] == [("main", 0), ("other", 0)]

    def test_of_two_workers_that_take_a_new_partition_at_once_the_second_is_fenced(
        self, database: Database, generation: Generation, url: str
    ) -> None:
        at = Partition("newsroom.articles", 99)
        session = database.session("main")
        with session.begin() as first, ThreadPoolExecutor(1) as pool:
            first.execute(insert(CURSOR).values(msgspec.structs.asdict(generation.cursor(at))))
            second = pool.submit(generation.take, generation.cursor(at), "second")
            until(lambda: _waits_for_a_lock(url))
            first.commit()
            with pytest.raises(FencedError):
                second.result(30)
        session.close()

    def test_a_worker_waits_for_no_lock_longer_than_it_says(self, database: Database, generation: Generation) -> None:
        change = text("UPDATE cursor SET owner = 'blocked'")

        def wait() -> None:
            with generation._session.begin() as connection:
                assert connection.scalar(text("SHOW lock_timeout")) == "5s"
                connection.exec_driver_sql("SET LOCAL lock_timeout = 1")
                connection.execute(change)

        session = database.session("main")
        with session.begin() as holder:
            holder.execute(change)
            with pytest.raises(DatabaseAwayError, match="lock timeout"):
                wait()
        session.close()


def _row(connection: Connection, table: Table) -> dict[str, Any]:
    """Return the only row of a table."""
    return dict(connection.execute(select(table)).mappings().one())


def _waits_for_a_lock(url: str) -> bool:
    """Return whether somebody in a database waits for a lock."""
    waiting = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with psycopg.connect(url) as connection:
        return connection.execute(waiting).fetchone() is not None


def test_a_login_that_may_not_make_the_readers_role_is_told_what_an_administrator_does(stranger: str) -> None:
    """It is a member of none: the role exists or not, it cannot be used."""
    session = open_database(stranger).session("main")
    with pytest.raises(ReaderRoleError, match=f"GRANT {READERS} TO stranger_"):
        Generation(session)
    session.close()


@pytest.mark.parametrize("url", ["mysql://host/name", "postgresql://host:port/name"])
def test_a_url_that_cannot_be_used_is_refused_without_being_shown(url: str) -> None:
    with pytest.raises(DatabaseUrlError) as error:
        open_database(url)
    assert url not in str(error.value).replace("postgresql://user:password@host:5432/name", "")


def test_a_server_that_comes_back_is_used_again() -> None:
    """Connections that were open are found broken and replaced, after a stop and after a kill."""
    first, second, third = (
        records_of(make.created(article_id=story, event_id=f"{story}1"))[0] for story in ("one", "two", "three")
    )
    with running_server() as server:
        database = PostgresDatabase(server.url)
        session = database.session("main")
        generation = Generation(session)
        Writer(generation).store(first)
        for end, record in ((server.stop, second), (server.kill, third)):
            end()
            with pytest.raises(DatabaseAwayError):
                Writer(generation).store(record)
            with pytest.raises(DatabaseAwayError), database.reading("main"):
                pass
            server.start()
            Writer(generation).store(record)
        with database.reading("main") as connection:
            assert {"one", "three"} <= set(connection.scalars(select(ARTICLE.c.article_id)))
        session.close()
