"""What the comparison of the control loop's modes prints: totals, exceedance by exceedance, and whether it holds."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median

from infra.bench import machine, report
from infra.bench.control import MODES, REPAIR_SECONDS, SLOT_SECONDS, WARM_UP_SECONDS
from infra.bench.control_rows import Episode

RECORD = Path(__file__).with_name("CONTROL.md")

LATEST_ALARM_SECONDS = 2.0
"""After the end of the on-delay."""

COLUMNS = (
    "mode", "exceedances", "alarmed", "median alarm s", "latest alarm s", "back alone", "called in time", "neither",
    "median back s", "longest back s", "above the limit min", "adjustments",
)  # fmt: skip
EXCEEDANCE_COLUMNS = ("exceedance", "alarm s", *MODES, "above the limit s")

NOTES = f"""\
The same exceedances of the simulated plant in three modes, at the same time: in `automatic` the control loop moves
set-points, in `advise` it says what it would do and nobody does it, in `none` there are no playbooks. Each mode has a
broker, ClickHouse, worker and plant of its own. Causes are the same in kind, size and time; all else is
`infra/topologies/tower_plant.yaml` as it is. After a warm-up of {WARM_UP_SECONDS:g} s a cause begins every
{SLOT_SECONDS:g} s, on the two stacks in turn. Nobody answers an alarm or a call; {REPAIR_SECONDS:g} s after it began a
cause is gone in every mode, as if a person had removed it. How long the modes without a loop are above the limit
follows from that number alone.

Everything is read from ClickHouse. `alarm`: from the end of the on-delay, which is 3 s after the first reading above
the limit, to the alarm in the log, by the broker's clock. `back`: from the alarm to its return, with 10 s of off-delay;
`back alone` is before the cause was removed. `called`: from the alarm until the loop called a person, in time if within
the playbook's time limit. `adjustments`: commanded (`advise`: proposed), those that wind back too.
"""
_EACH = f"The same run, in seconds. Three figures are those of {', '.join(MODES)}, in this order.\n"

_HEAD = """\
# The control loop, with and without

Written by `headrace bench control --record`.
"""

_RAN_ON = ("date", "processor", "memory", "kernel", "python", "java", "kafka")


def totals(episodes: Sequence[Episode]) -> list[list[str]]:
    """A row for each mode, as in `COLUMNS`."""
    return [_total(mode, [episode for episode in episodes if episode.mode == mode]) for mode in MODES]


def exceedances(episodes: Sequence[Episode]) -> list[list[str]]:
    """A row for each exceedance, as in `EXCEEDANCE_COLUMNS`."""
    by_mode = [[episode for episode in episodes if episode.mode == mode] for mode in MODES]
    return [_exceedance(number, same) for number, same in enumerate(zip(*by_mode, strict=True), 1)]


def problems(episodes: Sequence[Episode]) -> list[str]:
    """What does not hold in automatic mode: every exceedance is alarmed, and is over or told to a person in time."""
    found = []
    for number, episode in enumerate((e for e in episodes if e.mode == "automatic"), 1):
        name = _name(number, episode)
        if episode.alarm is None:
            found.append(f"{name} was not alarmed")
        elif episode.alarm > LATEST_ALARM_SECONDS:
            found.append(f"{name} was alarmed {episode.alarm:.1f} s after the on-delay")
        elif not episode.alone and not episode.called_in_time:
            found.append(f"{name} was neither brought back nor told to a person in time")
    return found


def record(episodes: Sequence[Episode], load: str, file: Path = RECORD) -> None:
    """Write both tables; `load` says how busy the machine was."""
    ran_on = {name: value for name, value in machine.describe().items() if name in _RAN_ON} | {"load average": load}
    report.record("Each mode", COLUMNS, totals(episodes), NOTES, file, ran_on, _HEAD)
    report.record("Each exceedance", EXCEEDANCE_COLUMNS, exceedances(episodes), _EACH, file, {}, _HEAD)


def _total(mode: str, episodes: Sequence[Episode]) -> list[str]:
    alarms, backs = _known(e.alarm for e in episodes), _known(e.back for e in episodes)
    called = sum(not e.alone and e.called_in_time for e in episodes)
    alone = sum(e.alone for e in episodes)
    return [
        mode,
        f"{len(episodes)}",
        f"{len(alarms)}",
        _number(median(alarms) if alarms else None, 2),
        _number(max(alarms, default=None), 2),
        f"{alone}",
        f"{called}",
        f"{len(episodes) - alone - called}",
        _number(median(backs) if backs else None),
        _number(max(backs, default=None)),
        f"{sum(e.exceeded for e in episodes) / 60:.1f}",
        f"{sum(e.adjustments for e in episodes)}",
    ]


def _exceedance(number: int, same: Sequence[Episode]) -> list[str]:
    return [
        _name(number, same[0]),
        " / ".join(_number(episode.alarm, 2) for episode in same),
        *(_outcome(episode) for episode in same),
        " / ".join(_number(episode.exceeded) for episode in same),
    ]


def _name(number: int, episode: Episode) -> str:
    return f"{number} {episode.asset} {episode.metric}: {episode.cause}"


def _outcome(episode: Episode) -> str:
    """What happened, in the order in which it did."""
    calls = [(episode.escalated, "called")] if episode.escalated is not None else []
    returns = [(episode.back, "back alone" if episode.alone else "back")] if episode.back is not None else []
    told = [f"{what} {seconds:.0f}" for seconds, what in sorted(calls + returns)]
    if not returns:
        told.append("not back")
    if episode.raised > 1:
        told.append(f"raised {episode.raised} times")
    return ", ".join(told)


def _known(values: Iterable[float | None]) -> list[float]:
    return [value for value in values if value is not None]


def _number(value: float | None, decimals: int = 0) -> str:
    return "-" if value is None else f"{value:.{decimals}f}"
