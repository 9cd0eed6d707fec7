"""A JVM that can run Kafka."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from infra.local.errors import StackError

MINIMUM = 17
HOW_TO_GET = (
    "Debian and Ubuntu: apt-get install openjdk-17-jre-headless; Fedora: dnf install java-17-openjdk-headless; "
    "macOS: brew install openjdk@17; or from https://adoptium.net"
)


def find_java() -> str:
    """The program to run: that of JAVA_HOME, or `java` of the PATH. Raises StackError if missing or too old."""
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home, "bin", "java")) if home else "java"
    if shutil.which(java) is None:
        where = f"{java} (from JAVA_HOME) does not exist" if home else "java is missing"
        raise StackError(f"{where}; Kafka needs Java {MINIMUM} or newer. {HOW_TO_GET}")
    shown = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    # 'openjdk version "17.0.15" 2025-04-15'; up to Java 8 it was "1.8.0_452".
    found = re.search(r'version "(?:1\.)?(\d+)', shown)
    if found is None:
        raise StackError(f"{java} does not run; Kafka needs Java {MINIMUM} or newer. {HOW_TO_GET}")
    if int(found[1]) < MINIMUM:
        raise StackError(f"{java} is Java {found[1]}; Kafka needs Java {MINIMUM} or newer. {HOW_TO_GET}")
    return java
