"""What the command line refuses before anything is started."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from infra.bench.installs import PROGRAMS
from schemas.errors import UserError
from streams.cli.bench import bench


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["windows", "--systems", "spark"], "no system spark; there are headrace"),
        (["latency", "--rates", "10k"], "'10k' is no rate"),
        (["latency", "--rates", "0"], "'0' is no rate"),
        (["scale", "--axes", "colour"], "no axis colour; there are series"),
        (["anomaly", "--detectors", "best"], "no detector best; there are robust_z"),
    ],
)
def test_what_does_not_exist_is_refused_with_what_does(arguments: list[str], reason: str) -> None:
    done = CliRunner().invoke(bench, arguments)
    assert isinstance(done.exception, UserError)
    assert str(done.exception).startswith(reason)


def test_every_verb_has_an_example() -> None:
    for name in ("windows", "latency", "scale", "soak", "quick", "anomaly", "control", "codes"):
        done = CliRunner().invoke(bench, [name, "--help"])
        assert f"Example: headrace bench {name}" in done.output, name


def test_the_programs_are_where_they_are_looked_for() -> None:
    declared = {file.parent.name for file in PROGRAMS.glob("*/*") if file.name in ("requirements.txt", "pom.xml")}
    assert declared == {"kafka-streams", "flink", "bytewax", "quix-streams"}
    assert Path(PROGRAMS, "faust", "app.py").exists()
