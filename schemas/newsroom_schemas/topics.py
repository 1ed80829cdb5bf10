"""The topics of a newsroom, and the defaults of those who write to them.

>>> Topics.of("newsroom")
Topics(articles='newsroom.articles', tags='newsroom.tags')
"""

from __future__ import annotations

from typing import NamedTuple, Self

ARTICLES, TAGS = "articles", "tags"
"""Last parts of the topics' names."""

PREFIX = "newsroom"
"""First part of the topics' names, unless another is set."""

DELIVERY_TIMEOUT = 30.0
"""Seconds until a send that the broker has not acknowledged is an error, unless others are set."""


class Topics(NamedTuple):
    """The names of a newsroom's two topics."""

    articles: str
    tags: str

    @classmethod
    def of(cls, prefix: str) -> Self:
        """Return the topics whose names begin with a prefix."""
        return cls(f"{prefix}.{ARTICLES}", f"{prefix}.{TAGS}")
