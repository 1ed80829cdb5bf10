"""Placeholder while the room is built."""

import click

COMMANDS: tuple[click.Command, ...] = ()
