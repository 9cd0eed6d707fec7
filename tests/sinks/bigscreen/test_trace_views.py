"""What is shown of codes and of one item."""

from typing import Any

import pytest

from sinks.archive.results import (
    Circumstances,
    EmissionVerdict,
    Flag,
    Genealogy,
    Life,
    LifeEvent,
    Minted,
    Scans,
    Step,
    Voided,
    Window,
)
from sinks.bigscreen import rows
from sinks.bigscreen.board import Flags
from sinks.bigscreen.snapshot import ItemDetail, Snapshot, Traceability
from sinks.bigscreen.views.item import ItemView, item_view
from sinks.bigscreen.views.trace import short, step, traceability
from sinks.bigscreen.words import LANGUAGES
from streams.compute.codes import KeyRing
from tests.sinks.bigscreen.known import NOW, PLANT, flag

EN = LANGUAGES["en"]
PART, BUNDLE = (str(KeyRing({"A": b"k" * 32}).code(f"88.118.8/{product}", 7)) for product in ("TP-1001", "BUNDLE"))
LOT = "01/06901234000014/10/H24817"


def happened(step: str, seconds: int = 0, **fields: Any) -> LifeEvent:
    values: dict[str, Any] = {
        "ts": NOW + 1000 * seconds, "event": "e", "type": "ObjectEvent", "action": "OBSERVE", "biz_step": step,
        "disposition": "", "read_point": "", "site": "", "asset": "", "enterprise": "88.118.8", "role": "epc",
        "via": "", "error": False,
    }  # fmt: skip
    return LifeEvent(**{**values, **fields})


def shown(*events: LifeEvent, up: tuple[Step, ...] = (), at: tuple[Circumstances, ...] = (), **life: Any) -> ItemView:
    known: dict[str, Any] = {"mint": None, "voids": (), "scans": Scans(count=0, first=None, last=None), **life}
    detail = ItemDetail(
        item=PART,
        life=Life(item=PART, events=events, **known),
        up=Genealogy(item=PART, steps=up, cut=0, deeper=0),
        down=Genealogy(item=PART, steps=(), cut=0, deeper=0),
        at_machines=at,
    )
    return item_view(detail, PLANT, EN)


MINT = Minted(ts=NOW, enterprise="88.118.8", first=0, last=9, key="A")
VOID = Voided(ts=NOW, enterprise="88.118.8", reason="label torn", by="li")


@pytest.mark.parametrize(
    ("view", "status", "tone"),
    [
        (shown(), "UNKNOWN: no such code has been minted here", "high"),
        (shown(mint=MINT), "minted; nothing has happened to it yet", "quiet"),
        (shown(happened("shipping", disposition="in_transit"), mint=MINT), "in transit", "quiet"),
        (shown(happened("holding", disposition="recalled"), happened("storing")), "RECALLED", "high"),
        (shown(happened("holding", disposition="recalled"), happened("storing", disposition="active")), "active",
         "quiet"),
        (shown(happened("inspecting", disposition="damaged", error=True)), "known", "quiet"),
        (shown(happened("commissioning", disposition="active", role="input")), "known", "quiet"),
        (shown(happened("shipping", disposition="in_transit"), mint=MINT, voids=(VOID,)), "VOID: label torn",
         "critical"),
    ],
)  # fmt: skip
def test_an_item_is_what_was_said_of_it_last_unless_its_code_is_worth_nothing(
    view: ItemView, status: str, tone: str
) -> None:
    assert (view.status, view.sign.tone) == (status, tone)


def test_a_machine_of_the_plant_can_be_opened_and_another_place_is_named() -> None:
    life = shown(
        happened("commissioning", site="s", asset="saw-1"),
        happened("receiving", site="elsewhere", asset="gate-7", read_point="urn:headrace:asset:elsewhere:gate-7"),
        happened("urn:headrace:step:galvanising", read_point="https://id.example.com/place/hami", via=BUNDLE),
    )
    assert [(one.step, one.asset, one.place, one.via) for one in life.moments] == [
        ("made", "saw-1", "", ""),
        ("received", "", "urn:headrace:asset:elsewhere:gate-7", ""),
        ("galvanised", "", "hami", BUNDLE),
    ]


def test_a_visit_to_a_machine_says_what_it_measured_and_what_was_judged() -> None:
    def window(name: str, mean: float) -> Window:
        return Window(
            metric="motor_current", window=name, start=NOW, end=NOW + 10_000, count=9, min=0, max=1, mean=mean
        )

    verdict = EmissionVerdict(
        asset="stack-1", metric="nox", rule="nox", period="hour", start=NOW, end=NOW, verdict="exceeded", mean=231.0,
        limit=200.0, reason="",
    )  # fmt: skip
    flagged = Flag(id="f", ts=NOW, metric="motor_current", detector="d", severity="warning", score=1, reason="r")
    visit = Circumstances(
        site="s", asset="saw-1", ts=NOW, windows=(window("10s", 28.1), window("1m", 5.0)), anomalies=(flagged,),
        verdicts=(verdict,),
    )  # fmt: skip
    view = shown(happened("commissioning", site="s", asset="saw-1"), happened("shipping"), at=(visit, visit))
    assert [one.note for one in view.moments] == ["motor current 28.1 A · 1 flags in that hour", ""]
    assert [one.sign.tone for one in view.moments] == ["medium", "quiet"]
    [judged] = view.verdicts
    assert judged.sign.tone == "high"
    assert "exceeds 231 / 200 mg/m³" in judged.text


def test_an_event_that_was_declared_wrong_says_so() -> None:
    [moment] = shown(happened("shipping", error=True)).moments
    assert moment.is_wrong
    assert moment.note == "declared wrong: it does not count"


def test_of_a_large_genealogy_the_first_are_shown_and_the_others_counted() -> None:
    steps = tuple(
        Step(
            level=1 + number // 40, item=LOT, source=PART, kind="made", link="l", quantity=6.0, uom="", ts=NOW,
            until=None, enterprise="88.118.8", biz_step="commissioning", site="s", asset="saw-1",
        )
        for number in range(57)
    )  # fmt: skip
    view = shown(up=steps)
    assert len(view.up) == 40
    assert view.up_more == "+17 more"
    assert (view.up[0].name, view.up[0].text.split(" · ")[:3]) == ("H24817", ["6 ×", "made", "saw-1"])
    assert view.down_more == ""


def test_names_are_short_where_there_is_little_room() -> None:
    assert short(PART) == "TP-1001 …0007"
    assert short(LOT) == "H24817"
    assert short("urn:example:pallet") == "urn:example:pallet"
    assert step("urn:headrace:step:punching", EN) == "punched"
    assert step("https://id.example.com/steps/blasting", EN) == "blasting"


def test_the_panel_opens_what_a_flag_is_about() -> None:
    of_codes = Flags()
    reason = f"{PART} was at 42.83, 93.51 and 1 s later 3,000 km away at 22.54, 114.06"
    of_codes.take([
        flag("1", site="88.118.8", asset="TP-1001", detector="travel", topic="trace.events", reason=reason),
        flag("2", NOW - 1, detector="guessing", reason="somebody guesses"),
        flag("3", NOW - 2),
    ])  # fmt: skip
    known = Traceability(
        minted=rows.Minted(1000, 5000),
        scanned=rows.Scanned(9, 1, 2),
        newest=[rows.Traced(NOW, "commissioning", "saw-1", PART)],
    )
    view = traceability(Snapshot(traceability=known), of_codes, PLANT, EN)
    assert view is not None
    assert [(one.item, one.name) for one in view.flags] == [(PART, "in two places: TP-1001"),
                                                            ("", "codes are guessed: punch-1")]  # fmt: skip
    assert (view.minted, view.minted_all, view.made, view.scans) == ("1,000", "of 5,000 in all", "0", "9")
    assert (view.refused, view.refused_sign.tone) == ("1 / 2", "high")
    assert [(one.item, one.text) for one in view.newest] == [(PART, "made · saw-1")]
