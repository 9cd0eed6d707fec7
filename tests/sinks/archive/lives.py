"""Random lives of items, as messages of `trace.events`, and how their rows come into ClickHouse."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from hypothesis import strategies as st

from schemas.rows import Row
from sinks.base import Coded, Rows
from sinks.clickhouse.writer import ClickHouseSink
from streams.compute.codes import KeyRing
from streams.struct_columns import columns_of
from tests.streams.compute.trace.messages import MILL, NOW, PRODUCT, YARD, capture, engine, mint, read, seen, void

CODES: Final = [str(KeyRing({"A": b"k" * 32}).code(PRODUCT, serial)) for serial in range(4)]
PARTS: Final = [f"urn:example:part:{number}" for number in range(4)]
PACKS: Final = [f"00/{number:018}" for number in range(3)]
LOTS: Final = ["01/06901234567892/10/HEAT1", "01/06901234567892/10/HEAT2"]
SINGLE: Final = [*CODES, *PARTS, *PACKS]
THINGS: Final = [*SINGLE, *LOTS]
KEY_OF: Final = {
    **{f"https://id.example.com/{item}": item for item in (*CODES, *PACKS)},
    **{item: item for item in PARTS},
    **{f"urn:epc:class:lgtin:6901234.056789.HEAT{number}": LOTS[number - 1] for number in (1, 2)},
}
"""How an event names each of them, and what it is found by."""
URI_OF: Final = {item: uri for uri, item in KEY_OF.items()}
SAW: Final = "urn:headrace:asset:hongyang:saw-1"


class Told(NamedTuple):
    """An event, and whether and by whom it is declared wrong."""

    enterprise: str
    event: dict[str, Any]
    wrong: str


singles = st.lists(st.sampled_from(SINGLE), min_size=1, max_size=3, unique=True)
amounts = st.lists(
    st.tuples(st.sampled_from(LOTS), st.sampled_from([(1, ""), (2, ""), (3, ""), (1.5, "KGM"), (None, "")])),
    max_size=2,
    unique_by=lambda one: one[0],
)
times = st.integers(-9, 0).map(lambda second: NOW + 1_000 * second)


def uris(items: Sequence[str]) -> list[str]:
    return [URI_OF[item] for item in items]


def quantities(some: Sequence[tuple[str, tuple[float | None, str]]]) -> list[dict[str, Any]]:
    named = [{"epcClass": URI_OF[lot], "quantity": quantity, "uom": uom} for lot, (quantity, uom) in some]
    return [{name: value for name, value in one.items() if value not in (None, "")} for one in named]


def event(type_: str, at: int, **fields: Any) -> dict[str, Any]:
    """Without the fields that are empty."""
    whole = {**seen(at=at), "type": type_, "epcList": None, **fields}
    if type_ == "TransformationEvent":
        del whole["action"]
    return {name: value for name, value in whole.items() if value not in (None, [], "")}


def made(at: int, of: list[str], lots: list[Any], into: list[str], together: str, split: bool) -> list[dict[str, Any]]:
    inputs = {"inputEPCList": uris(of), "inputQuantityList": quantities(lots)}
    outputs = {"outputEPCList": uris(into)}
    if together and split:
        one = event("TransformationEvent", at, transformationID=together, **inputs)
        return [one, event("TransformationEvent", at + 500, transformationID=together, **outputs)]
    return [event("TransformationEvent", at, transformationID=together, **inputs, **outputs)]


def moved(at: int, type_: str, action: str, parent: str, some: list[str], lots: list[Any]) -> list[dict[str, Any]]:
    children = [one for one in some if one != parent]
    if not children and not lots and action != "DELETE":
        children = [next(one for one in PARTS if one != parent)]
    return [event(type_, at, action=action, parentID=URI_OF[parent], childEPCs=uris(children),
                  childQuantityList=quantities(lots))]  # fmt: skip


def noticed(at: int, some: list[str], lots: list[Any], traded: bool, parent: str) -> list[dict[str, Any]]:
    fields: dict[str, Any] = {"epcList": uris(some), "quantityList": quantities(lots)}
    if traded:
        fields |= {"parentID": URI_OF[parent], "bizTransactionList": [{"bizTransaction": "urn:example:order:1"}]}
    return [event("TransactionEvent" if traded else "ObjectEvent", at, **fields)]


happenings = st.one_of(
    st.builds(made, times, singles, amounts, singles, st.sampled_from(["", "", "urn:x:melt:1"]), st.booleans()),
    st.builds(
        moved,
        times,
        st.sampled_from(["AggregationEvent", "AggregationEvent", "AssociationEvent"]),
        st.sampled_from(["ADD", "ADD", "ADD", "OBSERVE", "DELETE"]),
        st.sampled_from([*PACKS, *PACKS, *PARTS[:1]]),
        singles,
        amounts,
    ),
    st.builds(moved, times, st.just("AggregationEvent"), st.just("DELETE"), st.sampled_from(PACKS), st.just([]),
              st.just([])),
    st.builds(noticed, times, singles, amounts, st.booleans(), st.sampled_from(PACKS)),
)  # fmt: skip
abouts = st.fixed_dictionaries({
    "bizStep": st.sampled_from(["", "packing", "shipping", "receiving"]),
    "disposition": st.sampled_from(["", "active", "in_transit"]),
    "readPoint": st.sampled_from([None, {"id": SAW}, {"id": "urn:example:gate:1"}]),
    "bizLocation": st.sampled_from([None, {"id": "urn:example:hall:1"}]),
})  # fmt: skip
wrongs = st.sampled_from(["", "", "", "", "own", "other"])


@st.composite
def lives(draw: st.DrawFn) -> list[Told]:
    """Up to 12 happenings, each of one or two events, no two of which are the same."""
    told: list[Told] = []
    for happening in draw(st.lists(happenings, max_size=12)):
        for one in happening:
            about = {name: value for name, value in draw(abouts).items() if value}
            unique = {"@context": {"ex": "urn:ex/"}, "ex:number": str(len(told))}
            told.append(Told(draw(st.sampled_from([MILL, YARD])), {**one, **about, **unique}, draw(wrongs)))
    return told


def messages(told: Sequence[Told]) -> list[dict[str, Any]]:
    """Each event, and each declaration of an error."""
    found = []
    for enterprise, one, wrong in told:
        found.append(capture(one, enterprise))
        if wrong:
            declared = {**one, "errorDeclaration": {"declarationTime": one["eventTime"], "reason": "incorrect_data"}}
            other = YARD if enterprise == MILL else MILL
            found.append(capture(declared, enterprise if wrong == "own" else other))
    return found


def load(sink: ClickHouseSink, topology: str, sent: Sequence[dict[str, Any]], first: int = 0) -> None:
    """Write what a partition makes of messages, from an offset on: a mint and a void of codes come before them."""
    before = [mint(0, 4), void((1, 1))]
    found, refused = read(engine(), [(NOW, message) for message in (*before, *sent)], first)
    assert refused == [""] * (2 + len(sent))
    tables: dict[type[Row], list[Row]] = defaultdict(list)
    for row in found.rows:
        tables[type(row)].append(row)
    sink.write({kind.table: [columns(topology, kind, rows)] for kind, rows in tables.items()})


def columns(topology: str, kind: type[Row], rows: Sequence[Row]) -> Rows:
    number = len(rows)
    words = {"topology": topology, "topic": "trace.events"}
    origin = {name: Coded(np.zeros(number, np.int32), [word]) for name, word in words.items()}
    return {**columns_of(kind, rows), **origin, "partition": np.zeros(number, np.int32)}
