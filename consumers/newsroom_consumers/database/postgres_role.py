"""The role of PostgreSQL through which readers see the public tables, and no others."""

from __future__ import annotations

import psycopg
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from newsroom_consumers.database.database import first_line
from newsroom_schemas.errors import NewsroomError

READERS = "newsroom_reader"
"""The role that may read public tables only. Roles belong to a whole server: all its databases share this one."""


class ReaderRoleError(NewsroomError):
    """The role of the readers is missing, and this login may not create it."""

    def __init__(self, login: str, problem: str) -> None:
        """``login`` is the database user, ``problem`` the server's own text."""
        super().__init__(
            f"{login} may not create the role {READERS}, which limits readers to public tables ({problem}): let an "
            f"administrator run `CREATE ROLE {READERS}; GRANT {READERS} TO {login}` once, and start again"
        )
        self.login = login


def make_role(connection: Connection) -> None:
    """Create the role of the readers, unless this login is a member of it already.

    Workers in other databases of the server may do so at the same time. Raises ``ReaderRoleError``.
    """
    exists = connection.scalar(text("SELECT to_regrole(:role)"), {"role": READERS}) is not None
    if exists and connection.scalar(text("SELECT pg_has_role(:role, 'MEMBER')"), {"role": READERS}):
        return
    try:
        with connection.begin_nested():
            if not exists:
                connection.exec_driver_sql(f"CREATE ROLE {READERS}")
            connection.exec_driver_sql(f"GRANT {READERS} TO CURRENT_USER")
    except DBAPIError as error:
        if not isinstance(error.orig, psycopg.errors.DuplicateObject | psycopg.errors.UniqueViolation):
            login = str(connection.scalar(text("SELECT current_user")))
            raise ReaderRoleError(login, first_line(error.orig)) from error
