"""Kafka's jars: fetched once with Maven, kept in the user's cache folder."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from infra.local.errors import StackError

_POM = Path(__file__).with_name("pom.xml")
HOW_TO_GET = (
    "Debian and Ubuntu: apt-get install maven; Fedora: dnf install maven; macOS: brew install maven; "
    "or from https://maven.apache.org"
)


def version() -> str:
    """The version of Kafka that `pom.xml` names."""
    found = re.search(r"<kafka\.version>(.+?)</kafka\.version>", _POM.read_text())
    if found is None:
        raise ValueError(f"{_POM} has no kafka.version")
    return found[1]


def folder() -> Path:
    """Where the jars are kept: below `$XDG_CACHE_HOME/headrace`, or `~/.cache/headrace`."""
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "headrace" / f"kafka-{version()}"


def fetch(progress: Callable[[str], None]) -> Path:
    """The folder of the jars; downloads them when it is missing, whole or not at all. Raises StackError."""
    target = folder()
    if target.exists():
        return target
    if shutil.which("mvn") is None:
        raise StackError(f"mvn is missing; Kafka is downloaded with Maven. {HOW_TO_GET}")
    progress(f"downloading Kafka {version()} with Maven (45 MB, once)")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="download-", dir=target.parent) as draft:
        jars = Path(draft, "jars")
        maven = subprocess.run(
            ["mvn", "-q", "-B", "-f", _POM, "dependency:copy-dependencies", f"-DoutputDirectory={jars}"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if maven.returncode != 0:
            reason = next((line for line in maven.stdout.splitlines() if "ERROR" in line), f"exit {maven.returncode}")
            raise StackError(f"Maven cannot download Kafka: {reason}")
        try:
            jars.rename(target)
        except OSError:
            if not target.exists():  # else another process was faster, with the same jars
                raise
    return target
