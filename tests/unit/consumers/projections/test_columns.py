"""How values become the columns of rows."""

from __future__ import annotations

import pytest

from newsroom_consumers.projections.columns import blocks_values
from newsroom_schemas.values import Block, StoredBlocks


def test_blocks_are_stored_as_the_log_has_them_and_never_as_values() -> None:
    """Rows must not depend on how this build would write blocks: that they came as values is a mistake of a caller."""
    assert blocks_values(StoredBlocks(b"\x02\0", "0123456789abcdef")) == (b"\x02\0", "0123456789abcdef")
    assert blocks_values(()) == (None, None)
    with pytest.raises(TypeError, match="as the log holds them"):
        blocks_values((Block(kind="paragraph", text="Hail."),))
