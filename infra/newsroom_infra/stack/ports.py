"""Checks of the ports of the stack's programs, all on the loopback interface."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from contextlib import ExitStack

import psutil

from newsroom_infra.stack.errors import PortInUseError

LOOPBACK = "127.0.0.1"


def check(ports: Mapping[str, int]) -> None:
    """Raise :class:`PortInUseError` if one of the ports, given by the variables that set them, is in use."""
    with ExitStack() as held:
        for variable, port in ports.items():
            probe = held.enter_context(socket.socket())
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, port))
            except OSError as error:
                raise PortInUseError(port, variable, next(_holders(port), None)) from error


def listens(port: int) -> bool:
    """Return True if something accepts connections on a port of this machine."""
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) == 0


def _holders(port: int) -> Iterator[str]:
    """Yield the processes that listen on a port, as far as this user may see them."""
    try:
        for connection in psutil.net_connections("tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port and connection.pid:
                yield f"{psutil.Process(connection.pid).name()} (process {connection.pid})"
    except psutil.Error:
        return
