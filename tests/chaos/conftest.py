"""Tests of chaos use the integration tests' newsroom."""

from __future__ import annotations

import pytest
from integration.conftest import batch, database, newsroom, places, swept

__all__ = ["batch", "database", "newsroom", "places", "swept"]

pytest.register_assert_rewrite("chaos.scenes")
