"""`headrace bench quick`, the guard: headrace against the bare poll loop in the same run, so that the machine, whatever
it is and whoever else uses it, weighs on both."""

from dataclasses import dataclass
from pathlib import Path

import msgspec

from infra.bench import windows
from infra.bench.arena import Progress
from infra.bench.workload import Workload
from schemas.errors import UserError

RECORDED = Path(__file__).with_name("recorded.json")
ROUNDS = 3
"""headrace and the poll loop take turns so often; the best of each counts, for noise only ever slows."""


class Recorded(msgspec.Struct, forbid_unknown_fields=True):
    """The ratio that later runs are held against."""

    ratio_to_poll_loop: float
    """Events/s of headrace (checkpoints, ClickHouse aggregates) by those of the bare aiokafka poll loop."""
    events: int
    """Events of the run that it comes from."""


@dataclass(frozen=True)
class Ratio:
    """What a quick run has found. Rates in events per second."""

    headrace: float
    poll: float
    recorded: float | None

    @property
    def ratio(self) -> float:
        return self.headrace / self.poll

    @property
    def holds(self) -> bool:
        """Whether it is at least half of what was recorded; without a record there is nothing to hold."""
        return self.recorded is None or self.ratio >= self.recorded / 2


def run(events: int, progress: Progress) -> Ratio:
    """Measure. Raises UserError where a system fails or a window is wrong."""
    outcomes, failures = windows.run(["poll", "headrace"] * ROUNDS, Workload(events=events), progress)
    for problem in [*failures.values(), *(f"{o.title}: {o.wrong}" for o in outcomes if o.wrong)]:
        raise UserError(problem)
    best = {name: max(o.rate for o in outcomes if o.name == name) for name in ("poll", "headrace")}
    recorded = load()
    return Ratio(best["headrace"], best["poll"], recorded.ratio_to_poll_loop if recorded else None)


def load(file: Path = RECORDED) -> Recorded | None:
    """The recorded ratio; None where there is none yet."""
    return msgspec.json.decode(file.read_bytes(), type=Recorded) if file.exists() else None


def save(ratio: Ratio, events: int, file: Path = RECORDED) -> None:
    """Make this run the one that later ones are held against."""
    document = msgspec.json.encode(Recorded(round(ratio.ratio, 3), events))
    file.write_bytes(msgspec.json.format(document, indent=2) + b"\n")
