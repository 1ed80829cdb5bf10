"""A command whose extra is missing says which to install."""

from __future__ import annotations

import importlib

import pytest

from newsroom_infra.cli.shared.extras import needs
from newsroom_schemas.errors import MissingExtraError


def test_a_missing_module_names_the_extra_to_install() -> None:
    with (
        pytest.raises(MissingExtraError, match=r"no_such_library.*newsroom-pipeline\[kafka,stack\]"),
        needs("kafka,stack"),
    ):
        importlib.import_module("no_such_library")
