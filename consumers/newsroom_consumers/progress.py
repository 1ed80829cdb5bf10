"""Progress: how long work of a known size reports how much of it is done.

Example::

    with show(total, "records") as progress:
        progress(500)
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

Progress = Callable[[int], object]
"""Is called with how many more units (records, offsets) are done."""

ShowProgress = Callable[[int, str], AbstractContextManager[Progress]]
"""Shows progress while the context is open; called with the total and its unit, such as ``records``."""
