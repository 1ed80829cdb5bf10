"""Builds the codec. It has a file of its own because Avro loads slowly, and most queries need none."""

from __future__ import annotations

from newsroom_schemas.wire.codec import Codec
from newsroom_schemas.wire.released import ReleasedSchemas


def codec() -> Codec:
    """Build the codec from the schemas of this release."""
    return Codec(ReleasedSchemas.load())
