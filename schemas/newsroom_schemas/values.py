"""The values inside events: images, authors, blocks and notes, named and documented as in ``avro/``."""

from __future__ import annotations

import msgspec


class Image(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A picture by reference; its bytes never go through the log."""

    src: str
    """``media:<sha256>.<ext>`` or an https URL."""
    width: int | None = None
    """Width in pixels."""
    height: int | None = None
    """Height in pixels."""
    alt: str | None = None
    """Alternative text: what the picture shows."""
    caption: str | None = None
    """The line under the picture."""
    credit: str | None = None
    """Who made the picture."""


class Author(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One name of a byline."""

    id: str
    """The author's staff id, the same in every language."""
    name: str
    """The name as printed on this edition."""


class Block(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One piece of the body of an edition."""

    kind: str
    """paragraph, heading, quote, list, image or embed; an unknown kind is rendered as a paragraph."""
    text: str | None = None
    """The text, with a small subset of HTML for inline markup."""
    items: tuple[str, ...] = ()
    """The entries of a list."""
    label: str | None = None
    """The bold words that open the block, such as "Details:" or "Source:"."""
    attribution: str | None = None
    """Who is quoted."""
    url: str | None = None
    """Address of an image or an embedded page; the server never fetches it."""
    caption: str | None = None
    """The line under an image or an embed."""
    credit: str | None = None
    """Who made the image or the embed."""


class StoredBlocks(msgspec.Struct, frozen=True):
    """The blocks of an edition as the undecoded Avro array from the log; never empty."""

    data: bytes
    """The Avro encoding of ``array<Block>``."""
    schema: str
    """Fingerprint of the Block schema that ``data`` was written with."""


Blocks = tuple[Block, ...] | StoredBlocks
"""The body of an edition: values on the writing side, stored bytes on the reading side, ``()`` if it is empty."""


class Note(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What readers are told about a publication."""

    kind: str
    """update, correction, clarification or editors_note."""
    text: str
    """The note, in the language of the edition."""
