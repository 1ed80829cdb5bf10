"""The commands that look after the topics of the log, on any cluster."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from newsroom_infra.cli.shared.output import prints
from newsroom_infra.cli.views.table import print_grid
from newsroom_infra.settings import load

if TYPE_CHECKING:
    from newsroom_infra.topics import TopicDifference


@click.group()
def topics() -> None:
    """Check the topics of the log."""


@topics.command()
@prints("kafka", lambda: _print_differences, ok=lambda found: not found)
def check() -> tuple[TopicDifference, ...]:
    """Check the settings of the topics. Exit 0 if they are as required, 1 if they differ."""
    from newsroom_infra import topics

    return topics.differences(load())


def _print_differences(found: Sequence[TopicDifference]) -> None:
    from newsroom_infra import topics

    if found:
        rows = [(one.where, one.setting, one.wanted, one.found) for one in found]
        print_grid(("where", "setting", "wanted", "found"), rows)
        return
    settings = load()
    click.echo(f"the topics on {settings.bootstrap} are as wanted: {', '.join(topics.wanted(settings))}")
