"""Replaying dead letters at a real broker."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiokafka import AIOKafkaProducer
from kafka import KafkaAdminClient
from kafka import TopicPartition as Place
from kafka.admin import NewTopic

from infra.local.stack import Stack
from schemas import topics
from schemas.codec import constant_headers
from schemas.errors import UserError
from streams.cli import main
from streams.dead_letters import Outcome
from streams.letter_replay import HEADER, LetterReplay, Report
from streams.topology.model import Source, Topology
from tests.streams.forgetful import forgetful, leave
from tests.streams.letter_site import Site
from tests.streams.records import record

_number = count()


@pytest.fixture
def site(stack: Stack) -> Iterator[Callable[..., Site]]:
    admin = KafkaAdminClient(bootstrap_servers=stack.kafka)

    def make(partitions: int = 2, **config: str) -> Site:
        number = next(_number)
        topology, topic = f"test-letters-{number}", f"test.letters.{number}"
        stamped = {"message.timestamp.type": "LogAppendTime", **config}
        wanted = [NewTopic(topic, partitions, 1, topic_configs=stamped)]
        wanted.append(NewTopic(topics.replayed_topic(topology), partitions, 1))
        if topics.DEAD_LETTERS.name not in admin.list_topics():
            wanted.append(NewTopic(topics.DEAD_LETTERS.name, partitions, 1))
        admin.create_topics(wanted)
        sources: Any = {topic: Source(partitions=partitions)}
        return Site(stack.kafka, Topology(topology=topology, site="s", sources=sources), topic)

    yield make
    admin.close()


def outcomes(report: Report) -> dict[Outcome, int]:
    total: Counter[Outcome] = Counter()
    for (_, _, outcome), number in report.letters.items():
        total[outcome] += number
    return dict(total)


def test_what_was_refused_goes_back_once_to_its_partition_under_its_key(site: Callable[..., Site]) -> None:
    here = site()
    values = [record(asset=f"a{number}") for number in range(5)]
    here.refuse(*((number % 2, value) for number, value in enumerate(values)))
    original = {one.value: one for one in here.log()}
    report = here.replay()
    assert (report.messages, outcomes(report)) == (5, {Outcome.REPLAYED: 5})
    back = here.replayed()
    assert sorted(one.value for one in back) == sorted(values)
    for one in back:
        origin = original[one.value]
        assert (one.partition, one.key) == (origin.partition, origin.key)
        place = f"{here.topic}/{origin.partition}/{origin.offset}".encode()
        assert one.headers == [*origin.headers, (HEADER, place)]


def test_a_second_run_sends_only_what_was_refused_since(site: Callable[..., Site]) -> None:
    here = site()
    here.refuse((0, record(asset="a")), (1, record(asset="b")))
    here.replay()
    assert outcomes(here.replay()) == {Outcome.ALREADY: 2}
    here.refuse((1, record(asset="c")))
    report = here.replay()
    assert (report.messages, outcomes(report)) == (1, {Outcome.ALREADY: 2, Outcome.REPLAYED: 1})
    assert len(here.replayed()) == 3


def test_a_run_that_ended_between_two_partitions_is_completed_by_the_next(site: Callable[..., Site]) -> None:
    here = site()
    here.refuse(*((number % 2, record(asset=f"a{number}")) for number in range(10)))
    here.replay([letter for letter in here.letters() if letter.partition == 0])
    assert outcomes(here.replay()) == {Outcome.ALREADY: 5, Outcome.REPLAYED: 5}
    assert len({one.value for one in here.replayed()}) == len(here.replayed()) == 10


def test_what_a_killed_run_had_not_committed_is_sent_by_the_next(site: Callable[..., Site]) -> None:
    here = site()
    here.refuse(*((0, record(asset=f"a{number}")) for number in range(3)))
    found = here.letters()

    async def killed() -> None:
        producer = AIOKafkaProducer(
            **here.options, transactional_id=topics.replay_transactional_id(here.topology.topology, here.topic, 0)
        )
        await producer.start()
        await producer.begin_transaction()
        for letter in found:
            await (await producer.send(here.topic, record(asset="never committed"), b"k", 0))
            markers = topics.replayed_topic(here.topology.topology)
            await (await producer.send(markers, b"x", letter.id.encode(), 0))
        producer._closed = True  # no end of the transaction, as after SIGKILL
        await producer._sender.close()
        await producer.client.close()

    asyncio.run(killed())
    assert outcomes(here.replay(found)) == {Outcome.REPLAYED: 3}
    assert [one.value for one in here.replayed()] == [record(asset=f"a{number}") for number in range(3)]


def test_a_transaction_of_one_source_that_a_broker_forgot_to_end_does_not_hold_up_another(
    site: Callable[..., Site],
) -> None:
    """Sources share the partitions of the markers, and a replay reads them to their end."""
    here, there = site(partitions=1), site(partitions=1)
    there.topology = here.topology = msgspec.structs.replace(
        here.topology, sources={name: Source(partitions=1) for name in (here.topic, there.topic)}
    )
    for one in (here, there):
        one.refuse((0, record(asset=one.topic)))
    first, last = sorted((here, there), key=lambda one: one.topic)
    markers = topics.replayed_topic(here.topology.topology)

    async def killed() -> None:
        producer = AIOKafkaProducer(
            **here.options, transactional_id=topics.replay_transactional_id(here.topology.topology, last.topic, 0)
        )
        await producer.start()
        await producer.begin_transaction()
        await producer.send_and_wait(last.topic, b"in part", partition=0)
        await leave(producer, markers, b"x", b"another")
        await producer.commit_transaction()
        await producer.stop()

    with forgetful(here.kafka):
        asyncio.run(killed())
    assert outcomes(here.replay()) == {Outcome.REPLAYED: 2}
    assert [len(one.replayed()) for one in (first, last)] == [1, 1]


def test_of_two_runs_at_once_the_last_one_fences_the_first(site: Callable[..., Site]) -> None:
    here = site(partitions=1)
    here.refuse(*((0, record(asset=f"a{number}")) for number in range(1_000)))  # long enough to be noticed midway
    found = here.letters()

    async def run() -> Report:
        first, second = (LetterReplay(here.options, here.topology) for _ in range(2))
        send = first._send

        async def overtaken(*given: Any) -> None:
            await second.run(found)
            await send(*given)

        first._send = overtaken  # type: ignore[method-assign]
        with pytest.raises(UserError, match=f"^another replay has taken over {here.topic}/0$"):
            await first.run(found)
        assert first.report.messages == 0
        return second.report

    assert outcomes(asyncio.run(run())) == {Outcome.REPLAYED: 1_000}
    assert len(here.replayed()) == 1_000


def test_a_record_that_the_log_no_longer_holds_is_reported_and_its_beginning_is_not_sent(
    site: Callable[..., Site],
) -> None:
    here = site(partitions=1)
    here.refuse(*((0, record(asset=f"a{number}")) for number in range(4)))
    admin = KafkaAdminClient(bootstrap_servers=here.kafka)
    admin.delete_records({Place(here.topic, 0): 3})
    admin.close()
    assert outcomes(here.replay()) == {Outcome.GONE: 3, Outcome.REPLAYED: 1}
    assert [one.value for one in here.replayed()] == [record(asset="a3")]


def test_a_source_topic_that_was_created_anew_has_other_records_which_are_left_alone(
    site: Callable[..., Site],
) -> None:
    here = site(partitions=1)
    here.refuse(*((0, record(asset=f"a{number}")) for number in range(3)))
    found = [msgspec.structs.replace(letter, ts=letter.ts - 60_000) for letter in here.letters()]
    found.append(msgspec.structs.replace(found[0], id="beyond", offset=1_000))
    assert outcomes(here.replay(found)) == {Outcome.GONE: 4}
    assert here.replayed() == []


def test_a_dry_run_tells_the_same_and_sends_nothing(site: Callable[..., Site]) -> None:
    here = site()
    here.refuse((0, record(asset="a")), (1, record(asset="b")))
    here.refuse((1, b"{"), scope="record", reason="malformed")
    report = here.replay(dry_run=True)
    assert (report.messages, outcomes(report)) == (2, {Outcome.REPLAYED: 2, Outcome.REFUSED_AGAIN: 1})
    assert here.replayed() == []
    assert here.replay() == report
    assert outcomes(here.replay(dry_run=True)) == {Outcome.ALREADY: 2, Outcome.REFUSED_AGAIN: 1}


def test_an_unreadable_record_goes_back_whole_where_it_is_asked_for(site: Callable[..., Site]) -> None:
    here = site(partitions=1, **{"max.message.bytes": str(2 << 20)})
    large = b" " * ((1 << 20) + 1)
    here.refuse((0, large), scope="record", reason="too_large")
    assert outcomes(here.replay()) == {Outcome.REFUSED_AGAIN: 1}
    assert outcomes(here.replay(whole_records=True)) == {Outcome.REPLAYED: 1}
    assert [one.value for one in here.replayed()] == [large]


def test_letters_that_name_nothing_to_send_are_counted(site: Callable[..., Site]) -> None:
    here = site(partitions=1)
    here.refuse((0, record(asset="a")), reason="more")
    here.refuse((0, record(asset="b")))
    strange = [msgspec.structs.replace(letter, topic="test.letters.absent") for letter in here.letters()]
    report = here.replay([*here.letters(), *strange])
    assert outcomes(report) == {Outcome.NOT_REPLAYABLE: 3, Outcome.REPLAYED: 1}


def test_many_letters_go_back_in_several_transactions(site: Callable[..., Site]) -> None:
    here = site()
    here.refuse(*((number % 2, record(asset=f"a{number}")) for number in range(2_500)))
    report = here.replay()
    assert (report.messages, outcomes(report)) == (2_500, {Outcome.REPLAYED: 2_500})
    back = here.replayed()
    assert len({one.value for one in back}) == len(back) == 2_500


def test_a_topology_that_was_not_applied_is_one_line(site: Callable[..., Site]) -> None:
    here = site(partitions=1)
    here.refuse((0, record(asset="a")))
    elsewhere = msgspec.structs.replace(here.topology, topology="test-letters-not-applied")
    with pytest.raises(UserError, match=r"^Kafka has no topic headrace\.test-letters-not-applied\.replayed: run "):
        Site(here.kafka, elsewhere, here.topic).replay(here.letters())


PLANT = """\
topology: {name}
site: s
sources: {{machine.events: {{partitions: 1}}}}
"""


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Any]:
    """Runs `headrace dlq` for the topology of that name; exit code, output and errors."""
    monkeypatch.setenv("COLUMNS", "200")

    def command(here: Site, *arguments: str) -> tuple[int, str, str]:
        file = tmp_path / "plant.yaml"
        file.write_text(PLANT.format(name=here.topology.topology))
        monkeypatch.setenv("HEADRACE_TOPOLOGY", str(file))
        monkeypatch.setenv("HEADRACE_KAFKA", here.kafka)
        with pytest.raises(SystemExit) as ended:
            main(["dlq", *arguments])
        out, err = capsys.readouterr()
        return int(ended.value.code or 0), out, err

    return command


def test_list_counts_by_source_and_reason_with_a_sample(site: Callable[..., Site], run: Callable[..., Any]) -> None:
    here = site(partitions=1)
    here.refuse((0, record(asset="a")), (0, b'["[red]\x1b[31m"]'), reason="wrong_type")
    here.refuse((0, b"{"), scope="record", reason="malformed")
    other = site(partitions=1)
    other.refuse((0, record(asset="z")))
    last = here.letters()[1]
    doubled = msgspec.structs.replace(last, id="another", topic=topics.MACHINE_EVENTS.name, scope="field", ts=1)

    async def add() -> None:
        producer = AIOKafkaProducer(**here.options)
        await producer.start()
        for letter in (last, last, doubled):
            await here.write(producer, letter)
        await producer.stop()

    asyncio.run(add())
    code, out, err = run(here, "list")
    assert (code, err) == (0, "")
    assert out.splitlines()[-1] == f"4 dead letters of {here.topology.topology}"
    assert "wrong_type" in out
    assert "2 event" in out
    assert "1 record" in out
    assert f"{here.topic}/0/1: refused" in out
    assert '["[red]·[31m"]' in out
    assert "1970-01-01 00:00:00" in out

    told = json.loads(run(here, "list", "--json")[1])
    assert [(one["topic"], one["reason"], one["count"], one["scopes"]) for one in told["groups"]] == [
        ("machine.events", "wrong_type", 1, {"field": 1}),
        (here.topic, "malformed", 1, {"record": 1}),
        (here.topic, "wrong_type", 2, {"event": 2}),
    ]
    assert told["groups"][2]["sample"]["payload"] == last.payload
    assert (told["groups"][2]["first"] <= told["groups"][2]["last"]) is True

    assert "\n1 dead letters of" in run(here, "list", "--reason", "malformed")[1]
    assert "\n1 dead letters of" in run(here, "list", "--topic", "machine.events")[1]
    assert "\n3 dead letters of" in run(here, "list", "--since", "1h")[1]
    assert run(here, "list", "--topic", "emission.events")[1] == f"0 dead letters of {here.topology.topology}\n"


def test_replay_says_what_became_of_the_letters_and_why(site: Callable[..., Site], run: Callable[..., Any]) -> None:
    here = site(partitions=1)
    here.refuse((0, record(asset="a")), reason="more")
    code, out, err = run(here, "replay")
    assert (code, err) == (0, "")
    assert "not replayable: `more` stands for" in out
    assert out.splitlines()[-1] == "0 messages sent for 0 of 1 dead letters"
    assert run(here, "replay", "--dry-run", "--reason", "future")[1] == (
        "0 messages would be sent (dry run) for 0 of 0 dead letters\n"
    )


def test_a_letter_that_cannot_be_read_is_one_line(site: Callable[..., Site], run: Callable[..., Any]) -> None:
    here = site(partitions=1)

    async def spoil() -> None:
        producer = AIOKafkaProducer(**here.options)
        await producer.start()
        headers = constant_headers("dead_letter", here.topology.topology, here.topic, 0)
        await producer.send_and_wait(topics.DEAD_LETTERS.name, b"{}", partition=0, headers=headers)
        await producer.stop()

    asyncio.run(spoil())
    code, out, err = run(here, "list")
    assert (code, out, len(err.splitlines())) == (1, "", 1)
    assert "is no dead letter that this version can read: Object missing required field `id`" in err
