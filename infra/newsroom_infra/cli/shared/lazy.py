"""A group of commands that are imported when they run, so that one command does not pay for the others.

>>> @click.group(cls=LazyGroup, lazy={"up": ("newsroom_infra.cli.stack:up", "Start the local stack.")})
... def newsroom() -> None: ...
>>> newsroom.commands["up"].short_help  # its module is not imported yet
'Start the local stack.'
>>> newsroom.get_command(click.Context(newsroom), "up").name
'up'
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click


class LazyGroup(click.Group):
    """A group whose help lists commands that are not imported yet.

    ``lazy`` maps the name of a command to its place, ``module:attribute``, and to the first sentence of its help.
    """

    def __init__(self, *arguments: Any, lazy: Mapping[str, tuple[str, str]], **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.commands.update({name: click.Command(name, short_help=help_) for name, (_, help_) in lazy.items()})
        self._places = {name: place for name, (place, _) in lazy.items()}

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, imported; None where there is none of the name."""
        if cmd_name not in self._places:
            return super().get_command(ctx, cmd_name)
        try:
            command: click.Command = imported(self._places[cmd_name])
        except KeyboardInterrupt:  # importing takes long enough for somebody to press Ctrl-C
            sys.exit("interrupted")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, self.commands[name].short_help or "") for name in self.list_commands(ctx)])


def imported(place: str) -> Any:
    """Return the object at a place, such as ``newsroom_infra.cli.stack:up``, after importing its module."""
    module, _, attribute = place.partition(":")
    return getattr(import_module(module), attribute)
