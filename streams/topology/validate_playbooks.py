"""Checks of playbooks: does everything that they name exist, and can the control loop answer for it."""

from collections.abc import Iterator
from fnmatch import fnmatchcase

from streams.compute.control_loop.playbook import Interlock, Playbook
from streams.topology.model import Topology
from streams.topology.problems import Problem, Where, undeclared


def problems(topology: Topology) -> Iterator[Problem]:
    """Everything that is wrong with the playbooks, in the order of the file."""
    owners: dict[tuple[str, str], str] = {}
    for index, book in enumerate(topology.playbooks):
        where: Where = ("playbooks", index)
        yield from _alarm(where, book, topology)
        yield from _series((*where, "setpoint"), book.setpoint.asset, book.setpoint.metric, topology)
        for number, one in enumerate(book.interlocks):
            yield from _series((*where, "interlocks", number), one.asset, one.metric, topology)
            yield from _interlock((*where, "interlocks", number), one, topology)
        yield from _bounds((*where, "setpoint"), book, topology)
        owner = owners.setdefault((book.setpoint.asset, book.setpoint.metric), book.name)
        if owner != book.name:
            yield Problem((*where, "setpoint"), f"is moved by {owner} already; a set-point has one playbook")


def _alarm(where: Where, book: Playbook, topology: Topology) -> Iterator[Problem]:
    if topology.assets and book.asset not in topology.assets:
        yield undeclared((*where, "asset"), "asset", book.asset, topology.assets)
    rules = {rule.name: rule for rule in topology.alarms}
    if book.alarm not in rules:
        yield undeclared((*where, "alarm"), "alarm", book.alarm, rules)
        return
    rule = rules[book.alarm]
    if len(rule.metrics) != 1 or any(sign in rule.metrics[0] for sign in "*?["):
        watched = ", ".join(rule.metrics)
        yield Problem((*where, "alarm"), f"{book.alarm} watches {watched}; a playbook answers an alarm of one metric")
    if not any(fnmatchcase(book.asset, pattern) for pattern in rule.assets):
        yield Problem((*where, "asset"), f"is {book.asset}, which alarm {book.alarm} does not watch")


def _series(where: Where, asset: str, metric: str, topology: Topology) -> Iterator[Problem]:
    known = topology.assets.get(asset)
    if topology.assets and known is None:
        yield undeclared((*where, "asset"), "asset", asset, topology.assets)
    if topology.metrics and metric not in topology.metrics:
        yield undeclared((*where, "metric"), "metric", metric, topology.metrics)
    elif known is not None and known.metrics and metric not in known.metrics:
        yield undeclared((*where, "metric"), f"metric of {asset}", metric, known.metrics)


def _bounds(where: Where, book: Playbook, topology: Topology) -> Iterator[Problem]:
    metric = topology.metrics.get(book.setpoint.metric)
    if metric is None:
        return
    for side, bound in (("low", book.setpoint.low), ("high", book.setpoint.high)):
        if (metric.low is not None and bound < metric.low) or (metric.high is not None and bound > metric.high):
            low, high = ("any" if one is None else f"{one:g}" for one in (metric.low, metric.high))
            possible = f"{low} to {high} {metric.unit}"
            yield Problem((*where, side), f"is {bound:g}; {book.setpoint.metric} is physically {possible}")


def _interlock(where: Where, one: Interlock, topology: Topology) -> Iterator[Problem]:
    metric = topology.metrics.get(one.metric)
    if metric is None:
        return
    if one.low is not None and metric.high is not None and one.low > metric.high:
        yield Problem(
            (*where, "low"), f"is {one.low:g}; {one.metric} is at most {metric.high:g}: nothing could ever move"
        )
    if one.high is not None and metric.low is not None and one.high < metric.low:
        yield Problem(
            (*where, "high"), f"is {one.high:g}; {one.metric} is at least {metric.low:g}: nothing could ever move"
        )
