from pathlib import Path

import pytest

from infra.local.errors import StackError
from infra.local.kafka.java import find_java

PROGRAM = "#!/bin/sh\nPATH=/usr/bin:/bin\ncat >&2 <<'END'\n{}\nEND\n"


@pytest.fixture
def java(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program named java, the only one on the PATH; tests write another in its place."""
    monkeypatch.setenv("PATH", f"{tmp_path}/bin")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    (tmp_path / "bin").mkdir()
    return write(tmp_path / "bin" / "java", 'openjdk version "17.0.15" 2025-04-15')


def write(program: Path, output: str) -> Path:
    program.write_text(PROGRAM.format(output))
    program.chmod(0o755)
    return program


@pytest.mark.parametrize(
    "output",
    [
        'openjdk version "17.0.15" 2025-04-15\nOpenJDK Runtime Environment (build 17.0.15+6-Debian-1deb12u1)',
        'java version "21" 2023-09-19 LTS',
        'openjdk version "25-ea" 2025-09-16',
        'Picked up JAVA_TOOL_OPTIONS: -Xshare:auto\nopenjdk version "17.0.1" 2021-10-19',
    ],
)
def test_java_17_and_newer_is_taken(java: Path, output: str) -> None:
    write(java, output)
    assert find_java() == "java"


@pytest.mark.parametrize(
    ("output", "found"),
    [('java version "1.8.0_452"', "8"), ('openjdk version "11.0.27" 2025-04-15', "11"), ('version "16.0.2"', "16")],
)
def test_an_older_java_is_refused_with_its_version_and_how_to_get_another(java: Path, output: str, found: str) -> None:
    write(java, output)
    with pytest.raises(StackError, match=rf"java is Java {found}; Kafka needs Java 17 .*apt-get install openjdk-17"):
        find_java()


def test_a_java_that_does_not_run_is_refused(java: Path) -> None:
    write(java, "The operation couldn't be completed. Unable to locate a Java Runtime.")
    with pytest.raises(StackError, match="java does not run; Kafka needs Java 17"):
        find_java()


def test_a_missing_java_is_named_with_how_to_get_it(java: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(java.parent / "empty"))
    with pytest.raises(StackError, match=r"java is missing; .*apt-get install openjdk-17-jre-headless"):
        find_java()


def test_java_home_comes_before_the_path(java: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "jdk"
    (home / "bin").mkdir(parents=True)
    other = write(home / "bin" / "java", 'openjdk version "21.0.2" 2024-01-16')
    monkeypatch.setenv("JAVA_HOME", str(home))
    assert find_java() == str(other)


def test_a_java_home_without_java_is_named(java: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "gone"))
    with pytest.raises(StackError, match=r"gone/bin/java \(from JAVA_HOME\) does not exist"):
        find_java()
