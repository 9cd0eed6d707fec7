from pathlib import Path

import pytest

from infra.local.errors import StackError
from infra.local.kafka import jars

# Stands for Maven: puts a jar where it is told, counts its calls, and then does what the test adds.
MAVEN = """#!/bin/sh
PATH=/usr/bin:/bin
echo call >> "$(dirname "$0")/calls"
for argument; do case "$argument" in -DoutputDirectory=*) out="${argument#*=}";; esac; done
mkdir -p "$out" && echo bytes > "$out/kafka.jar"
"""


@pytest.fixture
def maven(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program named mvn, the only one on the PATH, and an empty cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", f"{tmp_path}/bin")
    (tmp_path / "bin").mkdir()
    return write(tmp_path / "bin" / "mvn", MAVEN)


def write(program: Path, text: str) -> Path:
    program.write_text(text)
    program.chmod(0o755)
    return program


def test_the_jars_are_downloaded_once_into_the_cache(maven: Path, tmp_path: Path) -> None:
    said: list[str] = []
    first = jars.fetch(said.append)
    second = jars.fetch(said.append)
    assert first == second == tmp_path / "cache" / "headrace" / f"kafka-{jars.version()}"
    assert (first / "kafka.jar").read_text() == "bytes\n"
    assert (maven.parent / "calls").read_text() == "call\n"
    assert said == [f"downloading Kafka {jars.version()} with Maven (45 MB, once)"]
    assert [path.name for path in first.parent.iterdir()] == [first.name]


def test_without_a_cache_home_it_is_the_usual_folder_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert jars.folder() == Path.home() / ".cache" / "headrace" / f"kafka-{jars.version()}"


def test_a_download_that_fails_half_way_is_a_one_line_error_and_leaves_nothing(maven: Path, tmp_path: Path) -> None:
    write(maven, MAVEN + "echo '[INFO] trying'; echo '[ERROR] repository is away'; echo '[ERROR] help'; exit 1\n")
    with pytest.raises(StackError, match=r"^Maven cannot download Kafka: \[ERROR\] repository is away$"):
        jars.fetch(print)
    assert list((tmp_path / "cache" / "headrace").iterdir()) == []


def test_when_another_process_was_faster_its_jars_are_taken(maven: Path) -> None:
    write(maven, MAVEN + f"mkdir '{jars.folder()}' && echo other > '{jars.folder()}/kafka.jar'\n")
    assert (jars.fetch(print) / "kafka.jar").read_text() == "other\n"
    assert [path.name for path in jars.folder().parent.iterdir()] == [jars.folder().name]


def test_a_missing_maven_is_named_with_how_to_get_it(maven: Path) -> None:
    maven.unlink()
    with pytest.raises(StackError, match=r"mvn is missing; .*apt-get install maven"):
        jars.fetch(print)


def test_a_missing_maven_does_not_matter_when_the_jars_are_there(maven: Path) -> None:
    jars.fetch(print)
    maven.unlink()
    assert jars.fetch(print) == jars.folder()
