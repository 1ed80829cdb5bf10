"""Exit codes: the number with which a command ends, by the kind of its error."""

from __future__ import annotations

from collections.abc import Mapping

from newsroom_schemas.errors import Kind

EXIT_CODES: Mapping[Kind, int] = {
    Kind.FAILED: 1,
    Kind.REFUSED: 1,
    Kind.USAGE: 2,
    Kind.UNKNOWN: 3,
    Kind.UNDECIDED: 4,
    Kind.TIMED_OUT: 5,
}
