"""Requests to fold parked records again: a person enters them, the worker that may write those records answers them.

They lie in the control database. A request is gone once it is answered; what became of the records is in the
generation.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import MetaData, Table, delete, insert, select

from newsroom_consumers.database.database import Session
from newsroom_consumers.projections.columns import text

METADATA = MetaData()
RETRY = Table(
    "retry", METADATA, text("generation", key=True), text("article_id", key=True), text("request_id", key=True)
)
"""The empty ``article_id`` is that of the tag catalogue."""


class Retries:
    """The requests of one generation."""

    def __init__(self, session: Session, generation: str) -> None:
        """``session`` is one on the control database."""
        self._session = session
        self._generation = generation

    def ask(self, request_id: str, ids: Iterable[str]) -> None:
        """Enter a request for articles; its id is new."""
        rows = [{"generation": self._generation, "article_id": id_, "request_id": request_id} for id_ in ids]
        with self._session.begin() as connection:
            connection.execute(insert(RETRY), rows)

    def open(self, request_id: str) -> Sequence[str]:
        """Give the articles of a request that no worker has answered for yet."""
        with self._session.begin() as connection:
            return connection.scalars(select(RETRY.c.article_id).where(RETRY.c.request_id == request_id)).all()

    def withdraw(self, request_id: str) -> None:
        """Take back what is still open of a request."""
        with self._session.begin() as connection:
            connection.execute(delete(RETRY).where(RETRY.c.request_id == request_id))

    def asked(self) -> Sequence[str]:
        """Give the articles that anybody has asked for."""
        query = select(RETRY.c.article_id).where(RETRY.c.generation == self._generation).distinct()
        with self._session.begin() as connection:
            return connection.scalars(query).all()

    def settle(self, ids: Iterable[str]) -> None:
        """Take away every request for articles."""
        with self._session.begin() as connection:
            for id_ in ids:
                connection.execute(
                    delete(RETRY).where(RETRY.c.generation == self._generation, RETRY.c.article_id == id_)
                )
