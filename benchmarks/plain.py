"""What a consumer that is not ours makes of a record: an event, and the state of the edition that it touches.

The naive consumer and the one on quixstreams share it. It needs fastavro and the committed schemas, nothing of ours,
and knows the four events that ``mix.py`` makes. It decodes every field, as such consumers do, and judges nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path
from typing import Any

from fastavro import parse_schema, schemaless_reader
from fastavro.schema import fingerprint, to_parsing_canonical_form

COLUMNS = ("article_id", "language", "version", "slug", "headline", "lead", "blocks", "status", "published_version")
"""Columns of the one table; the first two are its key."""
COMPARED = ("article_id", "language", "version", "headline", "status", "published_version")
"""Columns that are compared with ours."""
SCHEMAS = Path(__file__).parents[1] / "schemas" / "newsroom_schemas" / "avro"
_FRAME_BYTES = 5
_TEXTS = ("slug", "headline", "lead", "blocks")


class Decoder:
    """Decodes values by the schema that their frame names."""

    def __init__(self) -> None:
        """Read the committed schemas, without logical types: they double the time of decoding."""
        self._schemas = {}
        for file in SCHEMAS.glob("*.avsc"):
            definition = json.loads(file.read_text("utf-8"), object_hook=_bare)
            digest = fingerprint(to_parsing_canonical_form(definition), "sha256")
            self._schemas[int(digest[:8], 16) >> 1] = (definition["name"], parse_schema(definition))

    def __call__(self, value: bytes) -> dict[str, Any]:
        """Return all fields of an event, and its ``type``."""
        name, schema = self._schemas[int.from_bytes(value[1:_FRAME_BYTES], "big")]
        fields: Any = schemaless_reader(BytesIO(value[_FRAME_BYTES:]), schema)
        return {"type": name.rpartition(".")[2], **fields}


def evolve(edition: dict[str, Any] | None, event: dict[str, Any]) -> dict[str, Any]:
    """Return the row of an edition after an event; ``edition`` is the row before."""
    before = edition or {"version": 0, "lead": None, "status": "draft", "published_version": None}
    key = {"article_id": event["article_id"], "language": event["language"]}
    if event["type"] == "ArticlePublished":
        return before | key | {"status": "live", "published_version": before["version"]}
    if event["type"] not in {"ArticleCreated", "ArticleEdited", "ArticleTranslated"}:
        raise ValueError(f"no plain consumer knows {event['type']}")
    texts = {name: event[name] for name in _TEXTS if event[name] is not None}
    if "blocks" in texts:
        texts["blocks"] = json.dumps(texts["blocks"], ensure_ascii=False)
    return before | key | texts | {"version": before["version"] + 1}


def hash_of(rows: Iterable[Iterable[Any]]) -> str:
    """Return SHA-256 over rows of the columns ``COMPARED``, in the order of their keys."""
    return hashlib.sha256(json.dumps(sorted(map(list, rows))).encode()).hexdigest()


def _bare(node: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in node.items() if name != "logicalType"}
