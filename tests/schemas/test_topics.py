"""The table of topics is complete, and the only place that knows their names."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import get_args, get_type_hints

from schemas import topics
from schemas.codec import SCHEMA_VERSION
from schemas.topics import ALARM_ACTIONS, ANOMALY_FEEDBACK, PROCESS_ACKS, RESULTS, SHOP_FLOOR, SOURCES, TOPICS, Topic
from streams.audit import SHOP_FLOOR_TABLES
from streams.audit_results import RESULT_TABLES
from streams.topology.mapping import Replay
from streams.topology.model import Topology

ROOT = Path(topics.__file__).parents[1]
PACKAGES = ("schemas", "streams", "sinks", "infra")
UNMISTAKABLE = {name for name in TOPICS if "." in name}
"""`aggregates` and `anomalies` are names of ClickHouse tables, too."""
MAY_NAME_TOPICS = {"schemas/topics.py", "streams/audit.py", "streams/audit_results.py"}
"""The table itself, and the table of which topic is which ClickHouse table."""


def test_the_table_holds_every_topic_of_its_module() -> None:
    assert {id(topic) for topic in vars(topics).values() if isinstance(topic, Topic)} == {
        id(topic) for topic in TOPICS.values()
    }
    assert {
        *SOURCES,
        *SHOP_FLOOR,
        ALARM_ACTIONS.name,
        PROCESS_ACKS.name,
        ANOMALY_FEEDBACK.name,
        *RESULTS,
    } == TOPICS.keys()


def test_every_topic_says_what_it_is_for_and_has_a_schema() -> None:
    for topic in TOPICS.values():
        assert topic.about
        assert topic.schema in SCHEMA_VERSION


def test_every_kind_of_message_has_a_topic() -> None:
    assert {topic.schema for topic in TOPICS.values()} == SCHEMA_VERSION.keys()


def test_names_of_a_topology_are_told_apart_by_its_name() -> None:
    assert topics.group_id("tower_plant") == "headrace.tower_plant"
    assert topics.outlets_group_id("tower_plant") == "headrace.tower_plant.outlets"
    assert topics.checkpoint_topic("tower_plant") == "headrace.tower_plant.checkpoints"
    assert topics.replayed_topic("tower_plant") == "headrace.tower_plant.replayed"
    assert topics.transactional_id("tower_plant", "machine.events", 3) == "headrace.tower_plant.machine.events.3"
    replays = topics.replay_transactional_id("tower_plant", "machine.events", 3)
    assert replays == "headrace.tower_plant.machine.events.3.replay"


def test_a_topology_can_name_exactly_the_source_topics() -> None:
    hint = get_type_hints(Topology)["sources"]
    assert set(get_args(get_args(hint)[0])) == set(SOURCES)
    assert set(get_args(get_type_hints(Replay)["topic"])) == set(SOURCES)


def test_every_result_topic_has_a_table_that_the_audit_compares_it_with() -> None:
    assert RESULT_TABLES.keys() == set(RESULTS)
    assert SHOP_FLOOR_TABLES.keys() == set(SHOP_FLOOR)


def test_no_other_code_spells_a_topic_out() -> None:
    spelled = [
        f"{file}:{line} {name}"
        for file, tree in _sources()
        if file not in MAY_NAME_TOPICS
        for name, line in _strings(tree)
        if name in UNMISTAKABLE or name.endswith((".checkpoints", ".replayed"))
    ]
    assert spelled == []


def test_the_search_for_spelled_out_topics_would_find_one() -> None:
    tree = ast.parse('x: Literal["machine.events"]\ny = f"headrace.{x}.checkpoints"\nz = ["dead.letters"]\n')
    assert [name for name, _ in _strings(tree)] == ["headrace.", ".checkpoints", "dead.letters"]


def _sources() -> Iterator[tuple[str, ast.Module]]:
    for package in PACKAGES:
        for file in sorted((ROOT / package).rglob("*.py")):
            yield str(file.relative_to(ROOT)), ast.parse(file.read_text(encoding="utf-8"))


def _strings(node: ast.AST) -> Iterator[tuple[str, int]]:
    """String constants and their lines, without those in `Literal[...]`, which cannot refer to the table."""
    match node:
        case ast.Subscript(value=ast.Name(id="Literal")):
            return
        case ast.Constant(value=str(text)):
            yield text, node.lineno
    for child in ast.iter_child_nodes(node):
        yield from _strings(child)
