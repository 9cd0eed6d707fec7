"""What each kind of machine measures, and what is normal. Invented, but of the right order of magnitude."""

from typing import Final, NamedTuple

from schemas.topics import EMISSION_EVENTS, MACHINE_EVENTS

RUNNING, IDLE, SETUP, STOPPED = "running", "idle", "setup", "stopped"
STATES: Final = (RUNNING, IDLE, SETUP, STOPPED)


class Signal(NamedTuple):
    """One metric of one kind of machine."""

    metric: str
    levels: tuple[float, float, float, float]
    """Mean in each of `STATES`, in the metric's unit."""
    noise: float = 0.0
    """Standard deviation from reading to reading while running; less in proportion where the level is less."""
    wander: float = 0.0
    """Amplitude of slow, smooth movement: for what has inertia, such as the temperature of a bath."""
    decimals: int = 2
    calibration: float | None = None
    """What the analyser shows while it is fed its zero gas; None if it is not calibrated."""


class Kind(NamedTuple):
    """A kind of machine."""

    signals: tuple[Signal, ...]
    cycles: bool = False
    """Runs, idles, is set up and stops; else it runs day and night."""
    topic: str = MACHINE_EVENTS.name


def _steady(
    metric: str,
    level: float,
    noise: float = 0.0,
    wander: float = 0.0,
    decimals: int = 2,
    calibration: float | None = None,
) -> Signal:
    return Signal(metric, (level,) * 4, noise, wander, decimals, calibration)


KINDS: Final[dict[str, Kind]] = {
    "punch": Kind(
        (
            Signal("spindle_current", (42, 11, 11, 0.4), noise=0.9),
            Signal("vibration", (2.8, 0.6, 0.8, 0.1), noise=0.12, decimals=4),
            Signal("hydraulic_pressure", (160, 160, 160, 160), noise=1.5),
            Signal("stroke_rate", (38, 2, 5, 0.5), noise=0.6),
        ),
        cycles=True,
    ),
    "saw": Kind(
        (
            Signal("motor_current", (28, 7, 7, 0.3), noise=0.7),
            Signal("blade_vibration", (3.4, 0.7, 0.9, 0.1), noise=0.15, decimals=4),
            Signal("feed_rate", (12, 1, 3, 0.2), noise=0.3, decimals=3),
        ),
        cycles=True,
    ),
    "weld": Kind(
        (
            Signal("arc_voltage", (26, 62, 62, 0.5), noise=0.4),
            Signal("arc_current", (240, 2, 2, 1), noise=5, decimals=3),
            Signal("wire_feed", (8.5, 0.2, 0.5, 0.05), noise=0.15, decimals=4),
            Signal("gas_flow", (15, 12, 14, 2), noise=0.3, decimals=3),
        ),
        cycles=True,
    ),
    "kettle": Kind(
        (
            _steady("zinc_temperature", 450, wander=1.0, decimals=3),
            _steady("burner_power", 900, noise=12),
            _steady("zinc_level", 1850, noise=2),
        )
    ),
    "pickling": Kind(
        (
            _steady("acid_temperature", 32, wander=0.4, decimals=3),
            _steady("acid_concentration", 130, noise=1.2),
        )
    ),
    "scrubber": Kind(
        (
            _steady("reagent_flow", 24, noise=0.4),
            _steady("ph", 8.2, noise=0.04, decimals=3),
            _steady("pressure_drop", 1200, noise=18),
            _steady("pump_current", 31, noise=0.5),
        )
    ),
    "furnace": Kind(
        (
            _steady("furnace_temperature", 620, wander=3, decimals=3),
            _steady("fuel_flow", 85, noise=1.2),
            _steady("fan_current", 44, noise=0.6),
        )
    ),
    "stack": Kind(
        (
            _steady("so2", 35, noise=1.5, calibration=0.8),
            _steady("nox", 62, noise=2, calibration=1.1),
            _steady("pm", 6, noise=0.3, decimals=3),
            _steady("hcl", 4, noise=0.2, decimals=3, calibration=0.3),
            _steady("o2", 9, noise=0.1, decimals=3, calibration=0.05),
            _steady("flue_flow", 42_000, noise=500, decimals=1),
            _steady("flue_temperature", 145, wander=1.5, decimals=3),
        ),
        topic=EMISSION_EVENTS.name,
    ),
    "crane": Kind(
        (
            Signal("hoist_load", (9, 0.8, 0.8, 0.3), noise=0.25, decimals=3),
            Signal("hoist_current", (60, 8, 8, 0.5), noise=1.5),
        ),
        cycles=True,
    ),
}
