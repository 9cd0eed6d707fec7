"""Quality: what passes at once, what the control charts say, capability and defects."""

from dataclasses import dataclass
from typing import Any

from sinks.bigscreen import charts, figures, palette
from sinks.bigscreen.palette import Sign
from sinks.bigscreen.plant import Plant
from sinks.bigscreen.rows import ChartLine
from sinks.bigscreen.snapshot import Snapshot
from sinks.bigscreen.views.production import Bar
from sinks.bigscreen.words import Words


@dataclass(frozen=True)
class Quality:
    """The panel."""

    first_pass: str
    signals: str
    charts: str
    sign: Sign
    cpk: str
    cpk_of: str
    drawn: str
    drawn_state: str
    drawn_sign: Sign
    chart: dict[str, Any]
    defects: tuple[Bar, ...]


def quality(snapshot: Snapshot, plant: Plant, words: Words) -> Quality | None:
    """The panel's content; None where nothing is known yet."""
    known = snapshot.quality
    if not (known.lines or known.inspected):
        return None
    signals = sum(bool(line.rules) for line in known.lines)
    lowest = known.capability[0] if known.capability else None
    inspected = known.inspected
    most = max((one.found for one in known.defects), default=1)
    state, sign = _state(known.drawn, words)
    return Quality(
        first_pass=figures.percent(figures.ratio(inspected.passed, inspected.inspected) if inspected else None),
        signals=figures.count(signals),
        charts=words("of_charts", count=len(known.lines)),
        sign=palette.PRIORITIES["medium"] if signals else palette.FINE,
        cpk=figures.number(lowest.cpk if lowest else None),
        cpk_of=f"{lowest.asset} {words.name('metric', lowest.characteristic)}" if lowest else "",
        drawn=_name(known.drawn, words) if known.drawn else "",
        drawn_state=state,
        drawn_sign=sign,
        chart=charts.control_chart(known.points),
        defects=tuple(Bar(one.defect, figures.count(one.found), one.found / most) for one in known.defects),
    )


def _name(line: ChartLine, words: Words) -> str:
    return f"{line.asset} {words.name('metric', line.characteristic)} · {line.chart}"


def _state(line: ChartLine | None, words: Words) -> tuple[str, Sign]:
    if line is None:
        return "", palette.FINE
    if line.rules:
        rules = ", ".join(words.name("rule", rule) for rule in line.rules.split())
        return words("signal", rules=rules), palette.PRIORITIES["medium"]
    return words("learning" if line.phase == "learning" else "in_control"), palette.FINE
