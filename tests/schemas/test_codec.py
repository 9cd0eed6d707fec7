"""The bytes on the wire, for ever: a golden file changes only together with a new version of its schema."""

import re
from pathlib import Path

import msgspec
import pytest

from schemas.codec import SCHEMA_VERSION, constant_headers, encode, id_header, schema_id
from schemas.events import Event, Judgement
from schemas.feedback import Feedback
from schemas.process_acks import ProcessAck
from schemas.results import Adjustment, Aggregate, Alarm, Anomaly, DeadLetter
from schemas.topics import RESULTS, TOPICS

GOLDEN = Path(__file__).with_name("golden")

AGGREGATE = Aggregate(
    id="0123456789abcdef01234567-199c82cc000",
    window_start=1_760_000_000_000,
    window_end=1_760_000_010_000,
    window_ms=10_000,
    window="10s",
    site="鸿阳",
    asset='stack "1"',
    metric="so2",
    count=3,
    sum=0.1 + 0.2,
    min=-1e-300,
    max=1e100,
    mean=1 / 3,
    stddev=0.0,
    first=-0.0,
    last=41.2,
    topology="tower_plant",
    topic="emission.events",
    partition=1,
    offset=9_007_199_254_740_993,
)
ANOMALY = Anomaly(
    id="0123456789abcdef01234567-199c82cc000-2a",
    ts=1_760_000_000_000,
    site="hongyang",
    asset="stack-1",
    metric="nox",
    detector="nox-limit",
    severity="critical",
    score=0.5,
    value=120.5,
    expected=None,
    lower=None,
    upper=100.0,
    reason="120.5 mg/m³ is above the high limit of 100 mg/m³",
    topology="tower_plant",
    topic="emission.events",
    partition=1,
    offset=42,
)
ALARM = Alarm(
    id="0123456789abcdef01234567-2a-0",
    alarm="89abcdef0123456789abcdef",
    ts=1_760_000_000_000,
    site="hongyang",
    asset="stack-1",
    metric="nox",
    name="nox-high",
    priority="critical",
    transition="shelved",
    previous="unacknowledged",
    state="shelved",
    active=True,
    raised_at=1_759_999_990_000,
    value=None,
    limit=200.0,
    by="李雷",
    reason="the reagent valve is being mended",
    until=1_760_003_600_000,
    flood=False,
    topology="tower_plant",
    topic="alarm.actions",
    partition=1,
    offset=42,
)
ADJUSTMENT = Adjustment(
    id="0123456789abcdef01234567-2a-1",
    adjustment="89abcdef0123456789abcdef-2a-0",
    ts=1_760_000_000_000,
    site="hongyang",
    asset="stack-2",
    alarm="0123456789abcdef01234567",
    playbook="more-reagent",
    mode="automatic",
    target="scrubber-1",
    setpoint="reagent_flow",
    direction="step",
    before=24.0,
    after=30.0,
    attempt=1,
    expires_at=1_760_000_005_000,
    status="commanded",
    reason="so2-high is on: reagent_flow of scrubber-1 from 24 l/min to 30 l/min",
    topology="tower_plant",
    topic="alarm.actions",
    partition=1,
    offset=42,
)
DEAD_LETTER = DeadLetter(
    id="0123456789abcdef01234567-2b-0",
    ts=1_760_000_000_000,
    reason="malformed",
    scope="record",
    detail="Input data was truncated",
    field="",
    key="hongyang/stack-1",
    payload='{"ts": 1760000000000, "site": "\\xff\n',
    payload_bytes=34,
    topology="tower_plant",
    topic="emission.events",
    partition=1,
    offset=43,
    index=0,
)
RESULT: dict[str, Aggregate | Anomaly | Alarm | Adjustment | DeadLetter] = {
    "aggregate": AGGREGATE,
    "anomaly": ANOMALY,
    "alarm": ALARM,
    "adjustment": ADJUSTMENT,
    "dead_letter": DEAD_LETTER,
}


@pytest.mark.parametrize("kind", RESULT)
def test_a_message_has_exactly_the_bytes_of_its_golden_file(kind: str) -> None:
    golden = (GOLDEN / f"{kind}.v{SCHEMA_VERSION[kind]}.json").read_bytes()
    assert encode(RESULT[kind]) == golden
    assert msgspec.json.decode(golden, type=type(RESULT[kind])) == RESULT[kind]


@pytest.mark.parametrize("kind", RESULT)
def test_the_headers_are_those_of_the_golden_file(kind: str) -> None:
    golden = msgspec.json.decode((GOLDEN / "headers.json").read_bytes(), type=dict[str, list[tuple[str, str]]])
    headers = [*constant_headers(kind, "tower_plant", "emission.events", 1), id_header(RESULT[kind].id)]
    assert [(name, value.decode()) for name, value in headers] == golden[kind]


@pytest.mark.parametrize("kind", RESULT)
def test_a_message_carries_every_attribute_that_cloud_events_require(kind: str) -> None:
    headers = dict([*constant_headers(kind, "tower_plant", "emission.events", 1), id_header(RESULT[kind].id)])
    assert headers.keys() >= {"content-type", "ce_specversion", "ce_type", "ce_source", "ce_id"}
    assert all(headers.values())
    assert re.fullmatch(rb"[a-z]+:.+", headers["ce_dataschema"])  # an absolute URI


def test_every_result_topic_carries_a_kind_of_message_that_has_a_golden_file() -> None:
    assert {TOPICS[topic].schema for topic in RESULTS} == RESULT.keys()


def test_every_version_that_was_ever_published_can_still_be_read() -> None:
    for file in GOLDEN.glob("*.v*.json"):
        kind = file.name.partition(".")[0]
        msgspec.json.decode(file.read_bytes(), type=Feedback if kind == "feedback" else type(RESULT[kind]))


def test_a_schema_is_named_by_kind_and_version() -> None:
    assert schema_id("anomaly") == "urn:headrace:schema:anomaly:1"


def test_an_acknowledgement_can_leave_out_what_is_for_people_and_bring_more_than_is_known() -> None:
    least = b'{"adjustment":"a","site":"hongyang","asset":"stack-2","status":"done","value":30,"valve":"V-3"}'
    ack = msgspec.json.decode(least, type=ProcessAck)
    assert ack == ProcessAck("a", "hongyang", "stack-2", "done", 30.0)


def test_feedback_names_its_flag_and_everything_that_it_came_from() -> None:
    golden = (GOLDEN / "feedback.v1.json").read_bytes().strip()
    said = msgspec.json.decode(golden, type=Feedback)
    assert encode(said) == golden
    for field in Feedback.__struct_fields__:
        without = {name: value for name, value in msgspec.json.decode(golden).items() if name != field}
        with pytest.raises(msgspec.ValidationError, match=field):
            msgspec.convert(without, Feedback)


def test_what_was_said_of_a_flag_is_an_event_of_its_own_in_the_source() -> None:
    event = Event(1_760_000_000_000, "hongyang", "stack-1", feedback=Judgement("tower_plant", "so2", "high", "false"))
    judgement = b'{"topology":"tower_plant","metric":"so2","detector":"high","verdict":"false"}'
    raw = b'{"ts":1760000000000,"site":"hongyang","asset":"stack-1","feedback":%s}' % judgement
    assert encode(event) == raw
    assert msgspec.json.decode(raw, type=Event) == event


def test_an_event_is_sent_without_the_fields_it_does_not_have() -> None:
    event = Event(1_760_000_000_000, "hongyang", "stack-1", {"so2": 41.2})
    assert encode(event) == b'{"ts":1760000000000,"site":"hongyang","asset":"stack-1","values":{"so2":41.2}}'
