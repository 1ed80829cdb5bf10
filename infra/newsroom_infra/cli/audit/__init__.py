"""The commands of an audit: proof that what readers see is what the log says, and how it came about."""

from __future__ import annotations

import click

from newsroom_infra.cli.shared.lazy import LazyGroup

_HERE = "newsroom_infra.cli.audit"
_COMMANDS = {
    "as-of": (f"{_HERE}.asof:as_of", "Show what readers saw at an instant."),
    "history": (f"{_HERE}.history:history", "Print the history of an article."),
    "verify": (f"{_HERE}.verify:verify", "Compare the live generation with the log."),
    "seal": (f"{_HERE}.seals:seal", "Seal what the live generation has folded."),
    "check-seals": (f"{_HERE}.seals:check_seals", "Check the log against seals."),
}


@click.group(cls=LazyGroup, lazy=_COMMANDS)
def audit() -> None:
    """Prove what readers see and saw. See docs/audit.md."""
