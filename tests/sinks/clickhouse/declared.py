"""What the files of views declare."""

import re
from importlib.resources import files

VIEWS_ALONE = {
    name
    for file in files("sinks.clickhouse").iterdir()
    if file.name.endswith(".sql")
    for name in re.findall(r"CREATE OR REPLACE VIEW headrace\.(\w+)", file.read_text(encoding="utf-8"))
}
"""Views that answer a question of their own, over the tables."""
