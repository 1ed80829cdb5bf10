"""The broker's jars: a committed list of coordinates with SHA-256, and the folder that holds them.

Each jar is fetched beside its place, checked, and moved there, so what lies in the folder is whole. Several stacks may
share one folder (``NEWSROOM_JARS``); a lock lets one of them fetch at a time.
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
"""Downloads at a time: more gained nothing."""
ATTEMPTS = 2
"""How often a jar is fetched before its absence or a wrong checksum is an error."""


class Jar(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the list."""

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
        """Give the place of the jar in the folder of jars."""
        return folder / f"{self.artifact}-{self.version}.jar"


def listed() -> tuple[Jar, ...]:
    """Read the committed list, in its order."""
    lines = (shipped("kafka") / "jars.txt").read_text().splitlines()
    return tuple(_read(line) for line in lines if line and not line.startswith("#"))


def missing(folder: Path, jars: Sequence[Jar]) -> list[Jar]:
    """Give the jars that the folder lacks or holds with another content."""
    return [jar for jar in jars if not _is(jar, jar.path(folder))]


Source = Callable[[Jar, Path], Path]
"""Where a jar comes from: downloads it somewhere below a folder and gives its path; raises ``OSError`` or
``RuntimeError``."""


def maven(jar: Jar, folder: Path) -> Path:
    """Download a jar from Maven Central."""
    project = MavenContext(repo_cache=folder).project(jar.group, jar.artifact)
    return Path(project.at_version(jar.version).artifact().resolve())


def fetch(folder: Path, jars: Sequence[Jar], arrived: Callable[[int], None], source: Source = maven) -> None:
    """Bring the jars into the folder; ``arrived`` is told the size of each in bytes.

    Raises :class:`JarError` for a jar that cannot be had with the listed checksum.
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
    """Fetch one jar unless another process has just done so; give its size in bytes."""
    path = jar.path(folder)
    if not _is(jar, path):
        _download(jar, partial, source).replace(path)
    return path.stat().st_size


def _download(jar: Jar, partial: Path, source: Source) -> Path:
    """Give the path of a fresh copy with the listed checksum."""
    problem = ""
    for attempt in range(ATTEMPTS):
        try:
            path = source(jar, partial / str(attempt))
        except (RuntimeError, OSError) as error:
            problem = str(error)
            continue
        if _is(jar, path):
            return path
        problem = "its SHA-256 is not the listed one, so the file was deleted"
        path.unlink()
    raise JarError(jar.coordinates, problem)
