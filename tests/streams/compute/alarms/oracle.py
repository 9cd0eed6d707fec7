"""What has to become of alarms, in plain Python: one table of what follows from what, and a loop over everything.

It is written from the state diagram of ANSI/ISA-18.2 and shares no code with the product.
"""

from dataclasses import dataclass, field
from typing import Any

OUT_OF_SIGHT = {"shelved", "suppressed", "out_of_service"}

AFTER: dict[tuple[str, bool, str], tuple[str, str]] = {
    # (state, condition holds, what happens): (told as, state)
    ("normal", False, "on"): ("raised", "unacknowledged"),
    ("returned_unacknowledged", False, "on"): ("raised", "unacknowledged"),
    ("acknowledged", False, "on"): ("raised", "unacknowledged"),  # latched
    ("unacknowledged", True, "off"): ("returned", "returned_unacknowledged"),
    ("acknowledged", True, "off"): ("returned", "LATCHED or normal"),
    ("unacknowledged", True, "acknowledge"): ("acknowledged", "acknowledged"),
    ("returned_unacknowledged", False, "acknowledge"): ("acknowledged", "normal"),
    ("acknowledged", False, "acknowledge"): ("acknowledged", "normal"),  # latched
}
for _holds in (False, True):
    for _state in OUT_OF_SIGHT:
        AFTER[_state, False, "on"] = ("raised", _state)
        AFTER[_state, True, "off"] = ("returned", _state)
    for _state in ("normal", "unacknowledged", "acknowledged", "returned_unacknowledged"):
        AFTER[_state, _holds, "shelve"] = ("shelved", "shelved")
    for _state in ("normal", "unacknowledged", "acknowledged", "returned_unacknowledged", "shelved"):
        AFTER[_state, _holds, "suppress"] = ("suppressed", "suppressed")
    for _state in ("normal", "unacknowledged", "acknowledged", "returned_unacknowledged", "shelved", "suppressed"):
        AFTER[_state, _holds, "out_of_service"] = ("out_of_service", "out_of_service")
    _back = "unacknowledged" if _holds else "normal"
    AFTER["shelved", _holds, "unshelve"] = ("unshelved", _back)
    AFTER["shelved", _holds, "expire"] = ("shelf_expired", _back)
    AFTER["suppressed", _holds, "unsuppress"] = ("unsuppressed", _back)
    AFTER["out_of_service", _holds, "in_service"] = ("in_service", _back)


@dataclass
class One:
    state: str = "normal"
    holds: bool = False
    since: int = 0
    """When it came into its state."""
    until: int | None = None
    waits: int = 0
    """Since when somebody should have acknowledged it."""
    escalated: bool = False


@dataclass
class Oracle:
    """All times in ms; `latching` and `escalate_after` by name of the alarm."""

    latching: set[str]
    escalate_after: dict[str, int]
    longest_shelf: int
    span: int = 600_000
    above: int = 10
    below: int = 5
    now: int = 0
    alarms: dict[tuple[str, str], One] = field(default_factory=dict)
    """By name and asset."""
    raised: list[int] = field(default_factory=list)
    flood: bool = False
    rows: list[dict[str, Any]] = field(default_factory=list)

    def pass_time(self, to: int) -> None:
        """Timers run out one after the other, that of the smallest time first."""
        while True:
            due = []
            for key, one in self.alarms.items():
                if one.state == "shelved" and one.until is not None:
                    due.append((one.until, key, "expire"))
                after = self.escalate_after.get(key[0])
                if one.state == "unacknowledged" and after and not one.escalated:
                    due.append((max(one.waits + after, one.since), key, "escalate"))
            due = [one for one in due if one[0] <= to]
            if not due:
                break
            first = min(at for at, _, _ in due)
            self.now = first
            # Which of two at the same moment comes first is left open: their rows are compared alarm by alarm.
            _, key, what = next(one for one in due if one[0] == first)
            if what == "expire":
                self.happen(key, "expire", first)
            else:
                self.alarms[key].escalated = True
                self.tell(key, "escalated", self.alarms[key].state, first)
        self.now = max(self.now, to)

    def happen(self, key: tuple[str, str], what: str, ts: int, for_ms: int = 0) -> str:
        """`done`, `repeated` or `refused`."""
        one = self.alarms.get(key)
        if what in ("on", "off"):
            if (one is not None and one.holds) == (what == "on"):
                return "repeated"
            one = self.alarms.setdefault(key, One())
        if one is None or (one.state, one.holds, what) not in AFTER or for_ms > self.longest_shelf:
            return "refused"
        told, state = AFTER[one.state, one.holds, what]
        if state == "LATCHED or normal":
            state = "acknowledged" if key[0] in self.latching else "normal"
        one.holds = {"on": True, "off": False}.get(what, one.holds)
        previous = one.state
        one.state = state
        if state != previous:
            one.since, one.until = self.now, None
            if state == "unacknowledged" and (previous != "returned_unacknowledged" or one.escalated):
                one.waits, one.escalated = self.now, False
        if what == "shelve":
            one.until = self.now + for_ms
        self.see_flood()
        if told == "raised" and state == "unacknowledged":
            self.raised.append(self.now)
        self.tell(key, told, previous, ts)
        return "done"

    def see_flood(self) -> None:
        recent = [at for at in self.raised if at > self.now - self.span]
        self.flood = len(recent) >= self.below if self.flood else len(recent) > self.above

    def tell(self, key: tuple[str, str], told: str, previous: str, ts: int) -> None:
        self.see_flood()
        one = self.alarms[key]
        self.rows.append(
            {
                "name": key[0], "asset": key[1], "transition": told, "previous": previous, "state": one.state,
                "active": one.holds, "ts": ts, "until": one.until, "flood": self.flood,
            }
        )  # fmt: skip
