"""Feedback with a real broker, engine and worker: from a flag to a word on it, and to what is flagged afterwards."""

import json
from collections.abc import Callable

from schemas.topics import ANOMALY_FEEDBACK
from tests.end_to_end.plant import Plant

TOPOLOGY = """
topology: NAME
site: s
time: {idle_timeout: 2s}
metrics: {nox: {unit: mg/m3}}
sources: {machine.events: {partitions: 3}}
detectors: [{name: high, kind: limit, metrics: [nox], high: 100, report: every}]
"""
START = 1_760_000_000_000


def reading(second: int, value: float) -> tuple[int, bytes]:
    """For partition 1, which is not that of the feedback."""
    event = {"ts": START + second * 1_000, "site": "s", "asset": "a", "values": {"nox": value}}
    return 1, json.dumps(event).encode()


def test_what_was_called_wrong_is_not_flagged_again(deploy: Callable[[str], Plant]) -> None:
    plant = deploy(TOPOLOGY)
    plant.send("machine.events", [reading(0, 110)])
    worker = plant.worker()
    worker.wait_for("a flag", lambda: len(plant.messages("anomalies")) == 1)
    [(_, anomaly, _)] = plant.messages("anomalies")
    said = plant.command(
        "feedback", anomaly.decode(), "--verdict", "false", "--by", "李雷", "--reason", "a probe was cleaned"
    )
    assert said.stdout == "false sent for high on nox of s/a, by 李雷\n"
    worker.wait_for("the feedback", lambda: len(plant.messages("machine.events")) == 2)
    plant.send("machine.events", [reading(1, 110), reading(2, 130)])
    plant.send(ANOMALY_FEEDBACK.name, [(0, b'{"verdict": "false"}')])
    worker.wait_for("the next flag", lambda: len(plant.messages("anomalies")) == 2)
    worker.wait_for("the dead letter", lambda: len(plant.messages("dead.letters")) == 1)
    worker.wait_until_drained()
    assert worker.stop() == 0
    flagged = [json.loads(value)["value"] for _, _, value in plant.messages("anomalies")]
    assert sorted(flagged) == [110, 130]
    mine = f"WHERE topology = '{plant.topology.topology}'"
    rows = plant.query(
        f"SELECT anomaly, verdict, by, reason, site, asset, metric, detector FROM headrace.feedback {mine}"
    )
    assert rows == [(anomaly.decode(), "false", "李雷", "a probe was cleaned", "s", "a", "nox", "high")]
    counted = plant.query(f"SELECT flags, judged, false_flags, precision FROM headrace.detector_quality {mine}")
    assert counted == [(2, 1, 1, 0.0)]
    plant.assert_as_undisturbed()
    assert "nothing lost, nothing twice" in plant.command("audit").stdout
    refused = plant.command("feedback", "0123", "--verdict", "true", "--reason", "why", check=False)
    assert refused.returncode == 1
    assert (
        refused.stderr
        == f"headrace: {plant.topology.topology} has raised no flag 0123: headrace.anomalies has the ids\n"
    )
