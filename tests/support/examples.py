"""How many random examples a property tries: as many as it says, or an eighth of them where ``QUICK`` is set.

``make unit`` sets it, for a quick answer while the code is being changed; ``make test`` tries all.
"""

from __future__ import annotations

import os

_SHARE = 8
_LEAST = 5


def examples(count: int) -> int:
    """Return how many examples to try where the whole run tries ``count``."""
    return max(_LEAST, count // _SHARE) if os.environ.get("QUICK") else count
