"""The commands of an audit: proof that what readers see is what the log says, and how it came about."""

from __future__ import annotations

import click


@click.group()
def audit() -> None:
    """Prove what readers see and saw, and show how it came about. See docs/audit.md."""


COMMANDS: tuple[click.Command, ...] = (audit,)
