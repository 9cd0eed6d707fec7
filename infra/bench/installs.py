"""Installs what is in `programs/` when it is first needed, into `$XDG_CACHE_HOME/headrace`, never into the project.

A Python system gets a virtual environment, a Java system its jars; the folder's name has a digest of what was declared,
so that a changed version is a new folder. An installation is there whole or not at all.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from infra.local.kafka.jars import HOW_TO_GET
from schemas.errors import UserError

PROGRAMS = Path(__file__).with_name("programs")

Progress = Callable[[str], None]

_SECONDS = 900


def cache() -> Path:
    """`$XDG_CACHE_HOME/headrace`, or `~/.cache/headrace`."""
    given = os.environ.get("XDG_CACHE_HOME")
    return (Path(given) if given else Path.home() / ".cache") / "headrace"


def python_of(system: str, progress: Progress) -> Path:
    """The interpreter of a system with `requirements.txt`. Raises UserError with pip's reason."""
    requirements = PROGRAMS / system / "requirements.txt"
    target = _folder(system, [requirements])
    if not target.exists():
        progress(f"installing {', '.join(requirements.read_text().split())}")
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            # Not moved into place afterwards: its programs name the folder they were installed in.
            _run([sys.executable, "-m", "venv", str(target)], "Python's venv module is missing or fails")
            pip = [str(target / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            _run([*pip, "-r", str(requirements)], f"{system} cannot be installed")
        except BaseException:
            shutil.rmtree(target, ignore_errors=True)
            raise
    return target / "bin" / "python"


def jars_of(system: str, progress: Progress) -> Path:
    """The folder with the jars of a Maven project, its own included. Raises UserError with Maven's reason."""
    project = PROGRAMS / system
    target = _folder(system, [project / "pom.xml", *sorted(project.rglob("*.java"))])
    if target.exists():
        return target
    if shutil.which("mvn") is None or shutil.which("javac") is None:
        raise UserError(f"{system} is built with Maven and a JDK (javac), and one is missing. Maven: {HOW_TO_GET}")
    progress(f"building {system} with Maven")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="build-", dir=target.parent) as draft:
        copy = Path(draft, system)
        shutil.copytree(project, copy)
        jars = copy / "target" / "jars"
        goals = ["package", "dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={jars}"]
        _run(["mvn", "-q", "-B", "-f", str(copy / "pom.xml"), *goals], f"{system} cannot be built")
        shutil.copy(copy / "target" / "bench-1.jar", jars)
        jars.rename(target)
    return target


def versions(system: str) -> str:
    """What a system's requirements pin, for the record."""
    return ", ".join((PROGRAMS / system / "requirements.txt").read_text().split())


def _folder(system: str, declared: list[Path]) -> Path:
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in declared)).hexdigest()[:12]
    return cache() / f"bench-{system}-{digest}"


def _run(command: list[str], failure: str) -> None:
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=_SECONDS
    )
    if done.returncode:
        said = [line for line in (done.stdout + done.stderr).splitlines() if "ERROR" in line] or [done.stderr.strip()]
        raise UserError(f"{failure}: {said[0]}")
