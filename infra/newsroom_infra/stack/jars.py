"""The broker's jars: a committed list of coordinates and SHA-256 hashes, and the folder that they are fetched into.

Each jar is fetched into a temporary folder, checked, and moved, so every jar in the folder is complete. Several stacks
may share one folder (``NEWSROOM_JARS``); a lock lets one of them fetch at a time.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import msgspec
from filelock import FileLock
from jgo.maven import MavenContext

from newsroom_infra.shipped import shipped
from newsroom_infra.stack.errors import JarError

THREADS = 8
"""Parallel downloads. More did not help."""
ATTEMPTS = 2
"""Maximum number of attempts to fetch a jar."""


class Jar(msgspec.Struct, frozen=True, kw_only=True):
    """One jar, a line of the list."""

    group: str
    artifact: str
    version: str
    sha256: str
    """SHA-256 of the file in lower-case hex."""

    @property
    def coordinates(self) -> str:
        """``group:artifact:version``."""
        return f"{self.group}:{self.artifact}:{self.version}"

    def path(self, folder: Path) -> Path:
        """Return the path of the jar in the folder of jars."""
        return folder / f"{self.artifact}-{self.version}.jar"


def listed() -> tuple[Jar, ...]:
    """Return the committed list of jars, in its order."""
    lines = (shipped("kafka") / "jars.txt").read_text().splitlines()
    return tuple(_read(line) for line in lines if line and not line.startswith("#"))


def missing(folder: Path, jars: Sequence[Jar]) -> list[Jar]:
    """Return the jars that are missing from the folder or have a wrong hash."""
    return [jar for jar in jars if not _is(jar, jar.path(folder))]


Source = Callable[[Jar, Path], Path]
"""Downloads a jar somewhere below a folder and returns its path; raises ``OSError`` or ``RuntimeError``."""


def maven(jar: Jar, folder: Path) -> Path:
    """Download a jar from Maven Central."""
    project = MavenContext(repo_cache=folder).project(jar.group, jar.artifact)
    return Path(project.at_version(jar.version).artifact().resolve())


def fetch(folder: Path, jars: Sequence[Jar], arrived: Callable[[int], None], source: Source = maven) -> None:
    """Fetch jars into the folder. ``arrived`` is called with the size of each in bytes.

    Raises :class:`JarError` for a jar that cannot be fetched with the listed hash.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / "lock"):
        partial = folder / "partial"
        shutil.rmtree(partial, ignore_errors=True)
        pool = ThreadPoolExecutor(THREADS)
        try:
            for done in as_completed([pool.submit(_fetch, jar, folder, partial, source) for jar in jars]):
                arrived(done.result())
        finally:
            pool.shutdown(cancel_futures=True)
        shutil.rmtree(partial, ignore_errors=True)


def _read(line: str) -> Jar:
    coordinates, sha256 = line.split()
    group, artifact, version = coordinates.split(":")
    return Jar(group=group, artifact=artifact, version=version, sha256=sha256)


def _is(jar: Jar, path: Path) -> bool:
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == jar.sha256


def _fetch(jar: Jar, folder: Path, partial: Path, source: Source) -> int:
    """Fetch one jar, unless another process has just done so. Return its size in bytes."""
    path = jar.path(folder)
    if not _is(jar, path):
        _download(jar, partial, source).replace(path)
    return path.stat().st_size


def _download(jar: Jar, partial: Path, source: Source) -> Path:
    """Download a jar and return its path. Raise :class:`JarError` after ``ATTEMPTS`` failures."""
    problem = ""
    for attempt in range(ATTEMPTS):
        try:
            path = source(jar, partial / str(attempt))
        except (RuntimeError, OSError) as error:
            problem = str(error)
            continue
        if _is(jar, path):
            return path
        problem = "its SHA-256 differs from the listed one, so the file was deleted"
        path.unlink()
    raise JarError(jar.coordinates, problem)
