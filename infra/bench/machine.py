"""What a benchmark ran on, for whoever reads its figures; nothing that names the machine."""

import os
import platform
import re
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from infra.bench.installs import PROGRAMS, versions
from infra.local.kafka import jars
from infra.local.kafka.java import find_java

_PYTHON_PACKAGES = ("aiokafka", "chdb", "faust-streaming", "msgspec", "numba", "numpy")


def hardware() -> dict[str, str]:
    """Date, hardware, kernel and Python, for what needs nothing else."""
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "processor": f"{os.cpu_count()} cores, {_processor()}",
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "kernel": f"{platform.system()} {platform.release()}",
        "python": f"{platform.python_version()}: " + ", ".join(f"{name} {version(name)}" for name in _PYTHON_PACKAGES),
    }


def describe() -> dict[str, str]:
    """Date, hardware, kernel and versions of all systems."""
    found = hardware()
    return found | {
        "processor": f"{found['processor']}; broker, ClickHouse and the measured system share them",
        "java": _java(),
        "kafka": f"{jars.version()}, Kafka Streams {_in_pom('kafka-streams', 'kafka-streams')}",
        "flink": _in_pom("flink", "flink-streaming-java"),
        "bytewax": versions("bytewax"),
        "quix streams": versions("quix-streams"),
    }


def _processor() -> str:
    info = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    found = re.search(r"model name\s*:\s*(.+)", info)
    return found[1] if found else platform.machine()


def _java() -> str:
    shown = subprocess.run([find_java(), "-version"], capture_output=True, text=True, check=False).stderr
    return shown.splitlines()[0] if shown else "unknown"


def _in_pom(system: str, artifact: str) -> str:
    """The version of an artifact that a project's `pom.xml` names, itself or by a property."""
    text = (PROGRAMS / system / "pom.xml").read_text()
    found = re.search(rf"<artifactId>{artifact}</artifactId>\s*<version>(.+?)</version>", text)
    if found is None:
        raise ValueError(f"the pom.xml of {system} has no version of {artifact}")
    named = re.fullmatch(r"\$\{(.+)\}", found[1])
    value = re.search(rf"<{re.escape(named[1])}>(.+?)<", text) if named else found
    return value[1] if value else found[1]
