"""The jars: what the committed list says is what lies in the folder."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from newsroom_infra.stack import jars
from newsroom_infra.stack.errors import JarError
from newsroom_infra.stack.jars import Jar

GOOD = b"a jar"
JAR = Jar(group="org.example", artifact="press", version="1.0", sha256=hashlib.sha256(GOOD).hexdigest())


class Mirror:
    """A source of jars that serves the given bytes, one after the other; an error stands for a failed download."""

    def __init__(self, *answers: bytes | OSError) -> None:
        self.answers = list(answers)

    def __call__(self, _jar: Jar, folder: Path) -> Path:
        """Serve the next answer."""
        answer = self.answers.pop(0)
        if isinstance(answer, OSError):
            raise answer
        folder.mkdir(parents=True)
        path = folder / "download"
        path.write_bytes(answer)
        return path


def fetch(folder: Path, mirror: Mirror) -> list[int]:
    arrived: list[int] = []
    jars.fetch(folder, [JAR], arrived.append, mirror)
    return arrived


def test_the_committed_list_names_each_jar_once_with_a_sha256() -> None:
    listed = jars.listed()
    assert len({jar.path(Path()) for jar in listed}) == len(listed) == 46
    assert all(len(bytes.fromhex(jar.sha256)) == 32 for jar in listed)


def test_a_jar_arrives_under_its_name(tmp_path: Path) -> None:
    assert fetch(tmp_path, Mirror(GOOD)) == [len(GOOD)]
    assert (tmp_path / "press-1.0.jar").read_bytes() == GOOD
    assert jars.missing(tmp_path, [JAR]) == []


def test_a_jar_with_another_content_is_missing_and_replaced(tmp_path: Path) -> None:
    JAR.path(tmp_path).write_bytes(b"half a j")
    assert jars.missing(tmp_path, [JAR]) == [JAR]
    fetch(tmp_path, Mirror(GOOD))
    assert JAR.path(tmp_path).read_bytes() == GOOD


def test_a_jar_that_is_there_is_not_fetched_again(tmp_path: Path) -> None:
    JAR.path(tmp_path).write_bytes(GOOD)
    assert fetch(tmp_path, Mirror()) == [len(GOOD)]


@pytest.mark.parametrize("first", [b"altered", ConnectionError("reset by peer")])
def test_a_download_that_went_wrong_is_tried_once_more(tmp_path: Path, first: bytes | OSError) -> None:
    fetch(tmp_path, Mirror(first, GOOD))
    assert JAR.path(tmp_path).read_bytes() == GOOD


def test_a_jar_that_is_altered_twice_is_an_error_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(JarError, match=r"org\.example:press:1\.0 .*SHA-256"):
        fetch(tmp_path, Mirror(b"altered", b"altered again"))
    assert not JAR.path(tmp_path).exists()


def test_what_a_killed_download_left_does_not_hinder_the_next(tmp_path: Path) -> None:
    (tmp_path / "partial" / "0").mkdir(parents=True)
    (tmp_path / "partial" / "0" / "download").write_bytes(b"half")
    fetch(tmp_path, Mirror(GOOD))
    assert sorted(path.name for path in tmp_path.iterdir() if path.name != "lock") == ["press-1.0.jar"]
