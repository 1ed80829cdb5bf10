"""How commands print: JSON for programs on standard output, tables for people."""

from __future__ import annotations

from typing import Any

import click
import msgspec


def print_json(value: Any) -> None:
    """Print a value as indented JSON, in UTF-8 whatever the locale."""
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2))
