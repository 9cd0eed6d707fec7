"""The rows that quality events become."""

from typing import ClassVar

from schemas.rows import Row


class SampleRow(Row, frozen=True, gc=False, kw_only=True):
    """A sample as it came, and the capability of its characteristic with it."""

    table: ClassVar[str] = "samples"

    ts: int
    """Event time, epoch milliseconds, UTC."""
    product: str
    characteristic: str
    unit: str
    """Of everything measured; empty where the characteristic is not declared."""
    order: str
    item: str
    n: int
    """Number of values."""
    values: str
    """The values, joined with a blank."""
    mean: float
    minimum: float
    maximum: float
    lower_spec: float | None
    upper_spec: float | None
    target: float | None
    outside: int
    """Values outside the specification limits."""
    late: bool
    """Whether a newer sample came first: then it is on no chart, and there is no capability."""
    capability_values: int
    """Over how many values capability is taken, those of this sample included."""
    cp: float | None
    cpk: float | None
    pp: float | None
    ppk: float | None


class SpcPoint(Row, frozen=True, gc=False, kw_only=True):
    """A point of a control chart."""

    table: ClassVar[str] = "spc"

    ts: int
    """Event time, epoch milliseconds, UTC."""
    product: str
    characteristic: str
    unit: str
    """Of value and limits."""
    chart: str
    """Which line: xbar, range, individuals, moving_range, ewma, cusum_high, cusum_low or p."""
    n: int
    """Values, or items inspected, behind the point."""
    value: float
    centre: float | None
    lower: float | None
    upper: float | None
    """Centre line and control limits; None while they are learned, and where there is no limit on that side."""
    phase: str
    """learning or monitoring."""
    rules: str
    """The rules that are violated, joined with a blank."""
    order: str
    item: str


class InspectionRow(Row, frozen=True, gc=False, kw_only=True):
    """An inspection."""

    table: ClassVar[str] = "inspections"

    ts: int
    """Event time, epoch milliseconds, UTC."""
    product: str
    order: str
    item: str
    inspected: int
    passed: int
    reworked: int
    scrapped: int
    late: bool
    """Whether a newer inspection of the product came first: then it is not on the p chart."""


class DefectRow(Row, frozen=True, gc=False, kw_only=True):
    """A kind of defect that an inspection has found."""

    table: ClassVar[str] = "defects"

    ts: int
    """Event time, epoch milliseconds, UTC."""
    product: str
    order: str
    item: str
    defect: str
    count: int
