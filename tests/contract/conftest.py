"""The contract suites are helpers' modules: their assertions shall explain themselves too."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("contract.store_contract", "contract.database_contract")
