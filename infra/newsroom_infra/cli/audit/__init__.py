"""The commands of an audit: proof that what readers see is what the log says, and how it came about."""

from __future__ import annotations

import click

from newsroom_infra.cli.audit import asof, history, seals, verify


@click.group()
def audit() -> None:
    """Prove what readers see and saw, and show how it came about. See docs/audit.md."""


for _part in (asof, history, verify, seals):
    for _command in _part.COMMANDS:
        audit.add_command(_command)

COMMANDS: tuple[click.Command, ...] = (audit,)
