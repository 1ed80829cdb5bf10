"""The role by which readers see the public tables of a PostgreSQL database, and no other."""

from __future__ import annotations

import psycopg
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from newsroom_consumers.database.database import first_line
from newsroom_schemas.errors import NewsroomError

READERS = "newsroom_reader"
"""The role that has rights on public tables only. Roles belong to a whole server: its databases share this one."""


class ReaderRoleError(NewsroomError):
    """The role of the readers is missing, and this login may not make it."""

    def __init__(self, login: str, problem: str) -> None:
        """Name the login, and say what the server said."""
        super().__init__(
            f"{login} may not make the role {READERS}, by which readers see public tables only ({problem}): let an "
            f"administrator run `CREATE ROLE {READERS}; GRANT {READERS} TO {login}` once, and start again"
        )
        self.login = login


def make_role(connection: Connection) -> None:
    """Make the role of the readers, if there is none that this login is a member of.

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
