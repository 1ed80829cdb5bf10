"""Requests to fold parked records again. A person enters them; the worker of the record's partition answers them.

They are in the control database. A request is deleted once it is answered; the outcome of the records is in the
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
"""The tag catalogue has an empty ``article_id``."""


class StoredRequests:
    """The requests of one generation."""

    def __init__(self, session: Session, generation: str) -> None:
        """``session`` is on the control database; ``generation`` is the generation's name."""
        self._session = session
        self._generation = generation

    def ask(self, request_id: str, ids: Iterable[str]) -> None:
        """Enter a request, with a new id, for articles."""
        rows = [{"generation": self._generation, "article_id": id_, "request_id": request_id} for id_ in ids]
        with self._session.begin() as connection:
            connection.execute(insert(RETRY), rows)

    def open(self, request_id: str) -> Sequence[str]:
        """Return the articles of a request that no worker has answered yet."""
        with self._session.begin() as connection:
            return connection.scalars(select(RETRY.c.article_id).where(RETRY.c.request_id == request_id)).all()

    def withdraw(self, request_id: str) -> None:
        """Delete the unanswered rest of a request."""
        with self._session.begin() as connection:
            connection.execute(delete(RETRY).where(RETRY.c.request_id == request_id))

    def asked(self) -> Sequence[str]:
        """Return the articles of all open requests."""
        query = select(RETRY.c.article_id).where(RETRY.c.generation == self._generation).distinct()
        with self._session.begin() as connection:
            return connection.scalars(query).all()

    def settle(self, ids: Iterable[str]) -> None:
        """Delete all requests for articles, because they are answered."""
        with self._session.begin() as connection:
            for id_ in ids:
                connection.execute(
                    delete(RETRY).where(RETRY.c.generation == self._generation, RETRY.c.article_id == id_)
                )
