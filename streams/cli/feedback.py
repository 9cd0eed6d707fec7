"""`headrace feedback`: say of an anomaly flag whether it was right."""

from pathlib import Path
from typing import get_args

import click

from schemas.alarm_actions import LONGEST_REASON
from schemas.codec import encode
from schemas.errors import UserError
from schemas.events import LONGEST_NAME, Verdict
from schemas.feedback import Feedback
from schemas.topics import ANOMALY_FEEDBACK
from streams.cli.operator import clickhouse, login_name, send
from streams.cli.options import data_option, load_topology, topology_option
from streams.settings import Settings

_FLAG = """
SELECT topic, partition, site, asset, metric, detector FROM headrace.anomalies
WHERE topology = %(topology)s AND id = %(anomaly)s LIMIT 1
"""


@click.command(epilog="Example: headrace feedback 0123abcd-18f --verdict false --reason 'the probe was being cleaned'")
@click.argument("anomaly_id", metavar="ANOMALY_ID")
@click.option("--verdict", type=click.Choice(get_args(Verdict)), required=True, help="Whether the flag was right.")
@click.option("--by", help="Who says so; default: the login name.")
@click.option("--reason", required=True, help="Why; it is kept with the verdict.")
@topology_option
@data_option
def feedback(
    anomaly_id: str, verdict: Verdict, by: str | None, reason: str, topology_file: Path | None, data: Path
) -> None:
    """Say of an anomaly flag whether it was right: `id` in headrace.anomalies.

    `false` raises the threshold of that detector for that series by a quarter, for good; `true` takes back one such
    step; `expected` (right, but nobody needed to be told) changes nothing. All are kept: headrace.detector_quality
    shows how often each detector was right.
    """
    settings = Settings.from_environment(data=data)
    topology = load_topology(topology_file, settings)
    by = by or login_name()
    if not 0 < len(reason) <= LONGEST_REASON or len(by) > LONGEST_NAME:
        raise UserError(f"--reason takes 1 to {LONGEST_REASON} characters, --by at most {LONGEST_NAME}")
    with clickhouse(settings, "flags") as client:
        rows = client.execute(_FLAG, {"topology": topology.topology, "anomaly": anomaly_id})
    if not rows:
        raise UserError(f"{topology.topology} has raised no flag {anomaly_id}: headrace.anomalies has the ids")
    said = Feedback(anomaly_id, verdict, by, reason, topology.topology, *rows[0])
    send(settings, ANOMALY_FEEDBACK.name, f"{said.site}/{said.asset}", encode(said))
    click.echo(f"{verdict} sent for {said.detector} on {said.metric} of {said.site}/{said.asset}, by {by}")
