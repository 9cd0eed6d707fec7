"""The synthetic plant: the readings of all machines as a function of seed and time."""

import math
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from infra.simulator.assets import SITE, Asset
from infra.simulator.causes import Cause
from infra.simulator.faults import Fault, Incident
from infra.simulator.flags import Flags
from infra.simulator.kinds import KINDS, STATES
from infra.simulator.process import Process, Series
from infra.simulator.states import DutyCycles, seed_of
from schemas.events import Event
from schemas.shop_floor import ShopFloorEvent

Floats = NDArray[np.float64]

_MOST_EVENTS: Final = 16_384
"""Readings computed at a time."""
_NOISE_BOUND: Final = 3.0
"""Sigmas at which noise is cut off, as the range of an instrument does."""
_LEAST_NOISE: Final = 0.05
"""Share of a signal's noise that its instrument has at level 0."""
_WANDER_SECONDS: Final = np.array([7.0, 37.0, 190.0])
_WANDER_SHARES: Final = np.array([0.1, 0.3, 0.6])


class Message(NamedTuple):
    """An event and where it goes."""

    topic: str
    key: bytes
    event: Event | ShopFloorEvent


class Plant:
    """Machines that are read in turn, `rate` readings a second in total, evenly spread.

    Reading n is taken at n / rate seconds, from machine n modulo the number of machines. What it shows depends on the
    seed, on n and on how the set-points of the process were moved, never on how time is cut into calls of `until`.
    """

    def __init__(
        self,
        seed: int,
        machines: Sequence[Asset],
        rate: float,
        start_ms: int,
        faults: Iterable[Fault] = (),
        process: Process | None = None,
    ) -> None:
        """`start_ms` is the event time of second 0, epoch ms. `faults` come in the order of their start.

        Without a `process` the stacks keep their levels. It is looked at once a round, at the round's start, so that
        a set-point may be moved at any time not before the last `until`.
        """
        self._rate = rate
        self._start_ms = start_ms
        self._size = len(machines)
        self._groups = []
        for kind in KINDS:
            of_kind = [(position, machine.name) for position, machine in enumerate(machines) if machine.kind == kind]
            if of_kind:
                self._groups.append(_Group(seed, kind, of_kind))
        self._round = 0
        self._ready: deque[tuple[float, Message]] = deque()
        self._faults = iter(faults)
        self._next = next(self._faults, None)
        self._active: list[Incident] = []
        self._process = process

    def until(self, seconds: float) -> list[Message]:
        """The readings taken before `seconds` that were not handed out yet, in the order of their times."""
        most = max(1, _MOST_EVENTS // self._size)
        end = math.ceil(seconds * self._rate / self._size)
        while self._round < end:
            self._take(min(most, end - self._round))
        messages = []
        while self._ready and self._ready[0][0] < seconds:
            messages.append(self._ready.popleft()[1])
        return messages

    def _take(self, rounds: int) -> None:
        """Compute whole rounds, each with one reading of every machine."""
        numbers = np.arange(self._round * self._size, (self._round + rounds) * self._size)
        self._round += rounds
        t = (numbers / self._rate).reshape(rounds, self._size)
        ts = self._start_ms + np.floor(t * 1000).astype(np.int64)
        while self._next is not None and self._next.start <= t[-1, -1]:
            self._active.append(Incident(self._next))
            self._next = next(self._faults, None)
        self._active = [incident for incident in self._active if incident.fault.end > t[0, 0]]
        messages: list[Message | None] = [None] * len(numbers)
        shifts = self._process.shifts(t[:, 0]) if self._process else {}
        causes = self._process.causes if self._process else ()
        for group in self._groups:
            readings = group.read(t[:, group.columns], ts[:, group.columns], shifts, self._active, causes)
            for column, of_machine in zip(group.columns.tolist(), readings, strict=True):
                messages[column :: self._size] = of_machine
        self._ready.extend(
            (when, message) for when, message in zip(t.ravel().tolist(), messages, strict=True) if message
        )


class _Group:
    """The machines of one kind."""

    def __init__(self, seed: int, kind: str, machines: list[tuple[int, str]]) -> None:
        """`machines` are their positions in the plant and their names."""
        self._kind = KINDS[kind]
        self._signals = self._kind.signals
        self._metrics = [signal.metric for signal in self._signals]
        self.columns = np.array([position for position, _ in machines], np.intp)
        self._names = [name for _, name in machines]
        self._keys = [f"{SITE}/{name}".encode() for name in self._names]
        own = np.random.SeedSequence(seed, spawn_key=(0, list(KINDS).index(kind)))
        self._random = np.random.default_rng(own)
        levels = np.array([signal.levels for signal in self._signals]).T
        self._running = np.abs(levels[0])
        seeds = [seed_of(seed, position) for position, _ in machines]
        self._cycles = DutyCycles(levels, seeds, self._kind.cycles)
        self._noise = np.array([signal.noise for signal in self._signals])
        self._wander = np.array([signal.wander for signal in self._signals])
        self._scale = 10.0 ** np.array([signal.decimals for signal in self._signals])
        shape = (len(machines), len(self._signals), len(_WANDER_SECONDS))
        self._phase = self._random.uniform(0, 2 * np.pi, shape)
        self._period = _WANDER_SECONDS * self._random.uniform(0.8, 1.2, shape)
        self._flags = Flags(self._signals, self._random.uniform(0, 1, len(machines)))

    def read(
        self,
        t: Floats,
        ts: NDArray[np.int64],
        shifts: Mapping[Series, Floats],
        active: Sequence[Incident],
        causes: Sequence[Cause],
    ) -> list[list[Message]]:
        """The readings at times `t` (event times `ts`), both [round, machine], as one list of rounds per machine.

        `shifts` [round] are how far the process has moved signals from their levels.
        """
        state, levels = self._cycles.at(t)
        self._shift(levels, shifts)
        value = levels + self._movement(t) + self._noise_of(levels)
        faulty = self._afflict(t, levels, value, active) | self._suffers(t, causes)
        flags = self._flags.mark(t, value, faulty)
        np.divide(np.rint(value * self._scale), self._scale, out=value)
        whole = not np.isnan(value).any()
        messages = []
        for machine, (name, key) in enumerate(zip(self._names, self._keys, strict=True)):
            columns = (ts[:, machine].tolist(), state[:, machine].tolist(), value[:, machine].tolist())
            of_machine = []
            for round_, (when, state_, row) in enumerate(zip(*columns, strict=True)):
                shown = dict(zip(self._metrics, row, strict=True))
                if not whole:
                    shown = {metric: x for metric, x in shown.items() if not math.isnan(x)}
                event = Event(when, SITE, name, shown, flags.get((round_, machine)), STATES[state_])
                of_machine.append(Message(self._kind.topic, key, event))
            messages.append(of_machine)
        return messages

    def _shift(self, levels: Floats, shifts: Mapping[Series, Floats]) -> None:
        for (asset, metric), shift in shifts.items():
            if asset in self._names:
                levels[:, self._names.index(asset), self._metrics.index(metric)] += shift

    def _suffers(self, t: Floats, causes: Sequence[Cause]) -> NDArray[np.bool_]:
        """Where a cause drives an emission over its limit, [round, machine]."""
        found = np.zeros(t.shape, np.bool_)
        for cause in causes:
            if cause.asset in self._names:
                machine = self._names.index(cause.asset)
                found[:, machine] |= (t[:, machine] >= cause.start) & (t[:, machine] < cause.end)
        return found

    def _movement(self, t: Floats) -> Floats:
        if not self._wander.any():
            return np.zeros(())
        angle = 2 * np.pi * t[:, :, None, None] / self._period + self._phase
        moved: Floats = self._wander * (np.sin(angle) @ _WANDER_SHARES)
        return moved

    def _noise_of(self, levels: Floats) -> Floats:
        share = np.clip(np.abs(levels) / self._running, _LEAST_NOISE, 1)
        noise = self._random.standard_normal(levels.shape)
        np.clip(noise, -_NOISE_BOUND, _NOISE_BOUND, out=noise)
        noise *= self._noise * share
        return noise

    def _afflict(self, t: Floats, levels: Floats, value: Floats, active: Sequence[Incident]) -> NDArray[np.bool_]:
        """Change `value` where there are faults, and tell where that is, [round, machine]."""
        faulty = np.zeros(t.shape, np.bool_)
        for incident in active:
            fault = incident.fault
            if fault.asset not in self._names:
                continue
            machine, signal = self._names.index(fault.asset), self._metrics.index(fault.metric)
            during = (t[:, machine] >= fault.start) & (t[:, machine] < fault.end)
            if not during.any():
                continue
            shown = value[during, machine, signal]
            level = levels[during, machine, signal]
            value[during, machine, signal] = incident.apply(t[during, machine], level, shown)
            faulty[during, machine] = True
        return faulty
