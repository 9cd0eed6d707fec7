"""A plan, and what became of it, as lines for people."""

from typing import NamedTuple

from schemas.durations import Duration
from streams.topology.apply import Outcome
from streams.topology.plan import AddPartitions, ChangeConfig, CreateTopic, Migrate, Plan, SetPrices, Step


class Line(NamedTuple):
    """One line and its style in terms of rich."""

    text: str
    style: str = ""


def lines(plan: Plan) -> list[Line]:
    """What will happen (`+` and `~`), what cannot (`!`) and what merely differs (`·`)."""
    found: list[Line] = []
    for step in plan.steps:
        found += _step(step)
    found += [Line(f"! {one.topic}: cannot change {one.what}: {one.why}", "red") for one in plan.cannot]
    found += [Line(f"· {one.topic} {one.what}", "dim") for one in plan.notes]
    return found


def headline(plan: Plan) -> str:
    """The plan in one line."""
    if not plan.steps and not plan.cannot:
        return f"{plan.topology}: nothing to do"
    counts = [
        (sum(isinstance(step, CreateTopic) for step in plan.steps), "to create"),
        (sum(isinstance(step, AddPartitions | ChangeConfig | SetPrices) for step in plan.steps), "to change"),
        (sum(isinstance(step, Migrate) for step in plan.steps), "to migrate"),
        (len(plan.cannot), "that cannot be changed"),
    ]
    return f"{plan.topology}: " + ", ".join(f"{count} {what}" for count, what in counts if count)


def outcome_line(outcome: Outcome) -> Line:
    """What became of one step."""
    symbol, style = {"done": ("✓", "green"), "there_already": ("=", "cyan"), "failed": ("✗", "red")}[outcome.status]
    warning = outcome.step.warning if isinstance(outcome.step, AddPartitions | ChangeConfig) else ""
    detail = outcome.detail or warning
    return Line(f"{symbol} {_title(outcome.step)}" + (f": {detail}" if detail else ""), style)


def _title(step: Step) -> str:
    match step:
        case CreateTopic():
            return f"create topic {step.topic}"
        case AddPartitions():
            return f"topic {step.topic}: {step.current} partitions to {step.wanted}"
        case ChangeConfig():
            return f"topic {step.topic}: {', '.join(step.changes)}"
        case Migrate():
            return f"ClickHouse migration {step.migration}"
        case SetPrices():
            return f"tariffs and baseline: {len(step.new)} new, {len(step.ended)} ended"


def _step(step: Step) -> list[Line]:
    match step:
        case CreateTopic():
            details = [
                f"{step.about}",
                f"{step.partitions} partitions, replication {step.replication}",
                *(f"{key} = {_value(key, value)}" for key, value in step.config.items()),
            ]
            return _block("+", step, details, "green")
        case ChangeConfig():
            details = [
                f"{key}: {'unset' if change.current is None else _value(key, change.current)} "
                f"to {_value(key, change.wanted)}"
                for key, change in step.changes.items()
            ]
            return [*_block("~", step, details, "yellow"), *_warning(step.warning)]
        case AddPartitions():
            return [*_block("~", step, [], "yellow"), *_warning(step.warning)]
        case Migrate():
            return _block("+", step, [], "green")
        case SetPrices():
            details = [*(f"- {line}" for line in step.ended), *(f"+ {line}" for line in step.new)]
            return _block("~", step, details, "yellow")


def _block(symbol: str, step: Step, details: list[str], style: str) -> list[Line]:
    return [Line(f"{symbol} {_title(step)}", style), *(Line(f"    {detail}") for detail in details)]


def _warning(text: str) -> list[Line]:
    return [Line(f"    warning: {text}", "bold yellow")] if text else []


def _value(key: str, value: str) -> str:
    """Configuration as Kafka has it, followed by what it means where that is not plain."""
    if not value.isdecimal():
        return "for ever" if key.endswith(".ms") and value == "-1" else value
    if key.endswith(".ms"):
        return f"{value} ({Duration(int(value))})"
    if key.endswith(".bytes") and int(value) and int(value) % (1 << 10) == 0:
        mebibytes, rest = divmod(int(value), 1 << 20)
        return f"{value} ({mebibytes} MiB)" if not rest else f"{value} ({int(value) >> 10} KiB)"
    return value
