"""Recall lists: what is affected, where it is, and which packs are to be stopped."""

import csv
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import IO, Any, Final

import msgspec

from schemas.epc import item_key
from sinks.archive.genealogy import Walk
from sinks.archive.life import code_of
from sinks.archive.results import RecallKind, RecallRow, State
from sinks.archive.rows import Rows
from sinks.archive.state import states

_AT_ONCE: Final = 20_000
"""Items that are looked up and told at a time."""

_ASSEMBLING: Final = ("assembling", "installing")
"""What is done where the whole is an item of its own, and no pack."""

_EVENTS: Final = """
SELECT if(any(transformation) != '', any(transformation), event), any(type), any(body)
FROM headrace_store.trace_events
WHERE topology = %(topology)s AND site = %(site)s AND asset = %(asset)s
    AND ts >= fromUnixTimestamp64Milli(%(since)s) AND ts < fromUnixTimestamp64Milli(%(until)s)
    AND (%(enterprise)s = '' OR enterprise = %(enterprise)s)
GROUP BY enterprise, event
HAVING countIf(error_at IS NOT NULL) = 0
"""
_VOIDS: Final = """
SELECT product, first, max(last) FROM headrace_store.code_voids
WHERE topology = %(topology)s AND product IN (SELECT key FROM wanted)
    AND (%(enterprise)s = '' OR enterprise = %(enterprise)s)
GROUP BY product, first
ORDER BY product, first
"""
_NAMES: Final = ("parentID", "epcList", "quantityList")
"""Where the events that join nothing name their items."""


class Recall:
    """What is affected by origins. Iterating gives the rows, some thousands at a time from the server."""

    def __init__(self, rows: Rows, origins: Sequence[str], levels: int, most: int) -> None:
        self._rows = rows
        self._walk = Walk(rows, origins, up=False)
        self._origins = tuple(self._walk.seen)
        self._walk.go(levels, most)
        self.cut = self._walk.cut
        """Items that were found and not taken, because there are more than was allowed."""
        self.deeper = self._walk.deeper
        """Items of the last level that lead further than was asked for."""

    def __iter__(self) -> Iterator[RecallRow]:
        stopped: Counter[str] = Counter()
        affected = list(self._affected())
        for begin in range(0, len(affected), _AT_ONCE):
            some = affected[begin : begin + _AT_ONCE]
            items = [item for item, *_ in some]
            known, void = states(self._rows, self._walk.history, items), voided(self._rows, items)
            for item, kind, level, source in some:
                state = known[item]
                if state.pack:
                    stopped[state.pack] += 1
                yield _row(state, kind, level, source, item in void)
        for pack, state in states(self._rows, self._walk.history, stopped).items():
            yield _row(state, "stop", None, "", False, stopped[pack])

    def _affected(self) -> Iterator[tuple[str, RecallKind, int, str]]:
        for item in self._origins:
            yield item, "origin", 0, ""
        told = set(self._origins)
        for step in self._walk.steps:
            if step.item not in told and self._walk.seen[step.item].reach_now:
                told.add(step.item)
                assembled = step.kind == "packed" and step.biz_step in _ASSEMBLING
                yield step.item, "assembled" if assembled else step.kind, step.level, step.source


def read_at(rows: Rows, site: str, asset: str, since: int, until: int) -> list[str]:
    """What passed a machine in [since, until), epoch ms: all that its events name, but for what was used up there."""
    joining: set[str] = set()
    items: set[str] = set()
    for link, type_, body in rows.ask(_EVENTS, site=site, asset=asset, since=since, until=until):
        if type_ in ("ObjectEvent", "TransactionEvent"):
            items.update(_named(msgspec.json.decode(body)))
        else:
            joining.add(link)
    items.update(row.item for row in rows.of_links(joining, "parent", "child", "output"))
    return sorted(items)


def voided(rows: Rows, items: Iterable[str]) -> set[str]:
    """Those of the items whose codes have been voided."""
    of_products: dict[str, list[str]] = defaultdict(list)
    for item in items:
        of_products[item.rpartition("/")[0].removesuffix("/21")].append(item)
    spans: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for product, first, last in rows.ask_of(_VOIDS, of_products.keys() - {""}):
        spans[product].append((first, max(last, spans[product][-1][1] if spans[product] else last)))
    found = set()
    for product, ranges in spans.items():
        for item in of_products[product]:
            code = code_of(item)
            place = bisect_right(ranges, (code.serial, 1 << 62)) if code else 0
            if code and place and ranges[place - 1][1] >= code.serial:
                found.add(item)
    return found


def write_csv(rows: Iterable[RecallRow], file: IO[str]) -> Counter[str]:
    """Write rows with a head line; how many there were of each kind."""
    out = csv.writer(file, lineterminator="\n")
    out.writerow(RecallRow.__struct_fields__)
    kinds: Counter[str] = Counter()
    for row in rows:
        kinds[row.kind] += 1
        out.writerow([_cell(value) for value in msgspec.structs.astuple(row)])
    return kinds


def write_jsonl(rows: Iterable[RecallRow], file: IO[str]) -> Counter[str]:
    """Write rows, a JSON object a line; how many there were of each kind."""
    kinds: Counter[str] = Counter()
    for row in rows:
        kinds[row.kind] += 1
        file.write(msgspec.json.encode(row).decode() + "\n")
    return kinds


def _row(
    state: State, kind: RecallKind, level: int | None, source: str, void: bool,
    items: int = 1,
) -> RecallRow:  # fmt: skip
    return RecallRow(
        kind=kind, item=state.item, level=level, source=source, items=items, pack=state.pack, ts=state.ts,
        enterprise=state.enterprise, biz_step=state.biz_step, disposition=state.disposition,
        read_point=state.read_point, biz_location=state.biz_location, used=state.used, void=void,
    )  # fmt: skip


def _cell(value: Any) -> Any:
    """A value as it stands in CSV. A spreadsheet must not take text for a formula: names of items come from outside."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@")):
        return f"'{value}"
    return value


def _named(event: dict[str, Any]) -> Collection[str]:
    parent, epcs, quantities = (event.get(name) for name in _NAMES)
    named = [*([parent] if parent else []), *(epcs or []), *(one["epcClass"] for one in quantities or [])]
    return [item_key(one) for one in named]
