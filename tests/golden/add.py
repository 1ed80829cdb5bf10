"""Add golden bytes for schema versions that have none: ``python -m golden.add`` in the folder ``tests``.

It never overwrites a file: golden bytes are what a release wrote once, made once and then only read.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import msgspec
from golden.samples import SAMPLES

from newsroom_schemas.wire.codec import Codec
from newsroom_schemas.wire.released import ReleasedSchemas, Schema

FOLDER = Path(__file__).parent / "events"


def golden(codec: Codec, schema: Schema) -> dict[str, Any]:
    """Encode the sample of an event with the newest schema."""
    event = SAMPLES[schema.name]
    return {
        "fingerprint": schema.fingerprint,
        "block_fingerprint": schema.blocks.fingerprint if schema.blocks else None,
        "value": codec.encode(event).value.hex(),
        "event": msgspec.to_builtins(event),
    }


def main() -> None:
    """Write the files that are missing and name them."""
    released = ReleasedSchemas.load()
    codec = Codec(released)
    for name in SAMPLES:
        schema = released.latest(name)
        path = FOLDER / f"{name}.{schema.version}.json"
        if not path.exists():
            path.write_text(json.dumps(golden(codec, schema), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
            sys.stdout.write(f"added {path}\n")


if __name__ == "__main__":
    main()
