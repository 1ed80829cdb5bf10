"""The command that prints the settings."""

from __future__ import annotations

from collections.abc import Sequence

import click

from newsroom_infra.cli.shared.extras import STACK
from newsroom_infra.cli.shared.output import prints
from newsroom_infra.cli.views.table import print_grid
from newsroom_infra.settings import described, load


@click.command()
@prints(STACK, lambda: _print_settings)
def settings() -> list[dict[str, str | None]]:
    """Print every setting with its meaning. Secrets are masked."""
    return described(load())


def _print_settings(rows: Sequence[dict[str, str | None]]) -> None:
    print_grid(("variable", "value", "meaning"), [row.values() for row in rows])
