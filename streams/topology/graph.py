"""A topology as a Mermaid flowchart: sources, windows, detectors, alarms, playbooks, topics and tables.

The text is a function of the topology alone, so that a diff of two graphs is the difference of two topologies.
"""

import re
from collections.abc import Iterator

from schemas.durations import Duration
from schemas.topics import (
    ALARM_ACTIONS,
    ANOMALY_FEEDBACK,
    PROCESS_ACKS,
    PROCESS_ADJUSTMENTS,
    SHOP_FLOOR,
    checkpoint_topic,
)
from streams.audit import SHOP_FLOOR_TABLES
from streams.compute.alarms.rule import AlarmRule
from streams.compute.compliance.rule import Rule
from streams.compute.detectors.registry import DetectorSpec
from streams.topology.model import Source, Topology, Window


def mermaid(topology: Topology) -> str:
    """The flowchart; ends in a newline."""
    return "\n".join(["flowchart LR", *_nodes(topology), *_edges(topology)]) + "\n"


def _nodes(topology: Topology) -> Iterator[str]:
    yield '  subgraph kafka_in ["Kafka sources"]'
    for number, (name, source) in enumerate(topology.sources.items()):
        yield f"    source{number}[/{_text(name, f'{source.partitions} partitions, kept {source.retention}')}/]"
    if topology.detectors or topology.compliance.rules:
        feedback = topology.inputs[ANOMALY_FEEDBACK.name]
        yield f"    feedback[/{_text(ANOMALY_FEEDBACK.name, f'1 partition, kept {feedback.retention}')}/]"
    kept = f"{topology.alarm_system.partitions} partitions, kept {topology.alarm_system.retention}"
    if topology.alarms:
        yield f"    alarm_actions[/{_text(ALARM_ACTIONS.name, kept)}/]"
    if topology.playbooks:
        yield f"    process_acks[/{_text(PROCESS_ACKS.name, kept)}/]"
    for topic, part in _shop_floor(topology).items():
        kept_there = f"{part.partitions} partitions, kept {part.retention}"
        yield f"    {_part(topic)}_events[/{_text(topic, kept_there)}/]"
    yield "  end"
    yield f"  subgraph worker [{_text(f'{topology.topology} at {topology.site}')}]"
    yield f"    decode({_text('decode', f'unknown assets and metrics: {topology.unknown}')})"
    for number, window in enumerate(topology.windows):
        yield f"    window{number}({_text(f'window {window.name}', _shape(window))})"
    for number, detector in enumerate(topology.detectors):
        yield f"    detector{number}{{{{{_text(detector.name, *_target(detector))}}}}}"
    for number, rule in enumerate(topology.compliance.rules):
        yield f"    rule{number}{{{{{_text(rule.name, *_judged(rule))}}}}}"
    for number, alarm in enumerate(topology.alarms):
        yield f"    alarm{number}{{{{{_text(alarm.name, *_target(alarm))}}}}}"
    if topology.alarms:
        yield "    lifecycle(life of alarms)"
    for topic in _shop_floor(topology):
        yield f"    {_part(topic)}({_part(topic)})"
    for number, book in enumerate(topology.playbooks):
        moves = f"{book.setpoint.metric} of {book.setpoint.asset}"
        yield f"    playbook{number}{{{{{_text(book.name, f'{book.alarm} of {book.asset}', moves)}}}}}"
    yield "  end"
    yield f'  subgraph kafka_out ["Kafka results, kept {topology.results.retention}"]'
    if topology.windows:
        yield "    aggregates[/aggregates/]"
    if _raises_flags(topology):
        yield "    anomalies[/anomalies/]"
    if topology.alarms:
        yield "    alarms[/alarms/]"
    if topology.playbooks:
        yield f"    adjustments[/{PROCESS_ADJUSTMENTS.name}/]"
    yield "    dead_letters[/dead.letters/]"
    yield f"    checkpoints[/{_text(checkpoint_topic(topology.topology), 'compacted')}/]"
    yield "  end"
    if topology.sinks.clickhouse is not None:
        yield '  subgraph clickhouse ["ClickHouse"]'
        for table in _tables(topology):
            yield f"    table_{table}[({table})]"
        if topology.compliance.rules:
            yield "    table_compliance[(compliance, headroom, emitted_mass)]"
        yield "  end"
    if topology.sinks.alertmanager is not None:
        yield "  alertmanager{{Alertmanager}}"
    if topology.sinks.webhook is not None:
        yield "  webhook{{webhook}}"


def _shop_floor(topology: Topology) -> dict[str, Source]:
    return {name: source for name, source in topology.inputs.items() if name in SHOP_FLOOR}


def _part(topic: str) -> str:
    """The part of a topology that declares a topic of the shop floor."""
    return topic.partition(".")[0]


def _edges(topology: Topology) -> Iterator[str]:
    for number in range(len(topology.sources)):
        yield f"  source{number} --> decode"
    for number in range(len(topology.windows)):
        yield f"  decode --> window{number} --> aggregates"
    for number, detector in enumerate(topology.detectors):
        yield f"  decode --> detector{number} -->|{detector.severity}| anomalies"
    for number in range(len(topology.compliance.rules)):
        yield f"  decode --> rule{number} -->|exceeded, or about to be| anomalies"
    if topology.detectors or topology.compliance.rules:
        for number in range(len(topology.sources)):
            yield f"  feedback --> source{number}"
        yield "  feedback -->|refused| dead_letters"
    for number, alarm in enumerate(topology.alarms):
        yield f"  decode --> alarm{number} -->|{alarm.priority}| alarm_actions"
    if topology.alarms:
        yield "  alarm_actions --> lifecycle --> alarms"
        yield "  lifecycle -->|refused| dead_letters"
    for number, book in enumerate(topology.playbooks):
        yield f"  alarm_actions --> playbook{number} -->|{book.mode}| adjustments"
    if topology.playbooks:
        yield "  decode -->|levels| alarm_actions"
        yield "  process_acks --> alarm_actions"
        yield "  process_acks -->|refused| dead_letters"
    for name in _shop_floor(topology):
        yield f"  {_part(name)}_events --> {_part(name)} -->|refused| dead_letters"
        if topology.sinks.clickhouse is not None:
            for table in SHOP_FLOOR_TABLES[name]:
                yield f"  {_part(name)} --> table_{table}[({table})]"
    if topology.quality is not None:
        yield "  quality -->|violated| anomalies"
    if topology.logistics is not None:
        yield "  logistics -->|wrong picks| anomalies"
    if topology.trace is not None:
        yield "  trace -->|copied, void, sold, guessed| anomalies"
    yield "  decode -->|refused| dead_letters"
    yield "  worker -.->|state and offsets| checkpoints"
    for table in _tables(topology):
        yield f"  {'decode' if table == 'readings' else table} --> table_{table}"
    if topology.compliance.rules and topology.sinks.clickhouse is not None:
        nodes = " & ".join(f"rule{number}" for number in range(len(topology.compliance.rules)))
        yield f"  {nodes} --> table_compliance"
    if topology.sinks.alertmanager is not None:
        yield "  alarms[/alarms/] -->|standing| alertmanager"
    if topology.sinks.webhook is not None:
        yield "  alarms[/alarms/] -->|transitions| webhook"


def _raises_flags(topology: Topology) -> bool:
    parts = (topology.quality, topology.logistics, topology.trace)
    return bool(topology.detectors or topology.compliance.rules) or any(part is not None for part in parts)


def _tables(topology: Topology) -> Iterator[str]:
    if topology.sinks.clickhouse is None:
        return
    if topology.sinks.clickhouse.readings:
        yield "readings"
    if topology.windows:
        yield "aggregates"
    if _raises_flags(topology):
        yield "anomalies"
    if topology.detectors or topology.compliance.rules:
        yield "feedback"
    if topology.alarms:
        yield "alarms"
    if topology.playbooks:
        yield "adjustments"
    yield "dead_letters"


def _shape(window: Window) -> str:
    hop = f" every {window.advance}" if window.advance not in (None, window.size) else ""
    return f"{window.size}{hop}, lateness {Duration(window.lateness)}"


def _target(detector: DetectorSpec | AlarmRule) -> tuple[str, str]:
    metrics = "all metrics" if "*" in detector.metrics else ", ".join(detector.metrics)
    assets = "" if "*" in detector.assets else f" of {', '.join(detector.assets)}"
    kind = "alarm" if isinstance(detector, AlarmRule) else str(detector.__struct_config__.tag)
    return kind, metrics + assets


def _judged(rule: Rule) -> tuple[str, str]:
    return rule.pack, f"{rule.metric} of {', '.join(rule.assets)}"


def _text(*lines: str) -> str:
    """A quoted label; what Mermaid would take for the label's end, for HTML or for Markdown becomes an entity code."""
    return '"' + "<br>".join(re.sub('[#"<>`*]', lambda sign: f"#{ord(sign[0])};", line) for line in lines) + '"'
