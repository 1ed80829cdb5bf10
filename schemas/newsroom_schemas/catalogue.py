"""The tag catalogue beside articles: its id, and its name for people."""

from __future__ import annotations

CATALOGUE = ""
"""The id of the tag catalogue, which is one aggregate. No article can have this id."""


def display_name(id_: str) -> str:
    """Return what people call an article; the tag catalogue has no id."""
    return "the tag catalogue" if id_ == CATALOGUE else id_
