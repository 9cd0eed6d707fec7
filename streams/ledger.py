"""The ledger: what became of everything that was read of a partition."""

from dataclasses import asdict
from typing import Any

import numpy as np

from sinks.base import Rows
from streams.compute.alarms.engine import AlarmEngine
from streams.compute.engine import Engine
from streams.compute.relay import RelayEngine
from streams.compute.shop_floor import ShopFloorEngine


def ledger(
    engine: Engine | AlarmEngine | RelayEngine | ShopFloorEngine[Any],
    next_offset: int,
    first_offset: int,
    broker_ts: int,
) -> Rows:
    """What became of everything below `next_offset`. True whoever writes it: it is a function of the log."""
    counts, windows = asdict(engine.counts), engine.windows
    return {
        "next_offset": np.array([next_offset]),
        "first_offset": np.array([first_offset]),
        "broker_ts": np.array([broker_ts]),
        **{name: np.array([count], np.uint64) for name, count in counts.items()},
        "rows": [dict(engine.rows)],
        "windowed": [{name: one.windowed for name, one in windows.items()}],
        "late_points": [{name: one.late for name, one in windows.items()}],
        "left_out": [{name: one.left_out for name, one in windows.items()}],
        "windows_closed": [{name: one.closed for name, one in windows.items()}],
        "windows_open": [{name: len(one) for name, one in windows.items()}],
        "points_in_open_windows": [{name: one.points_open for name, one in windows.items()}],
    }
