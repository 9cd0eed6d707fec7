"""What the screen is told about the plant. The command line makes it of a topology and of the settings."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Asset:
    """A machine, stack or vehicle."""

    name: str
    kind: str
    """What it is, such as `punch`; says in which area of the map it stands."""
    metrics: tuple[str, ...]
    """What it measures, something at least; the first is shown on the map."""


@dataclass(frozen=True, kw_only=True)
class Emission:
    """A pollutant that is judged, and the stacks that it comes from."""

    rule: str
    """Name of the rule in the topology."""
    metric: str
    assets: tuple[str, ...]
    limit: float
    """Of the rule's shortest period, in the metric's unit, at the reference oxygen if the rule has one."""


@dataclass(frozen=True, kw_only=True)
class Limit:
    """Between what a metric of an asset is to stay by an alarm or detector, in its unit; drawn into its trend."""

    asset: str
    metric: str
    low: float | None
    high: float | None


@dataclass(frozen=True, kw_only=True)
class Plant:
    """What is declared."""

    topology: str
    site: str
    utc_offset_ms: int
    """What clocks at the plant show, east positive."""
    assets: tuple[Asset, ...]
    units: Mapping[str, str]
    """Unit by metric."""
    emissions: tuple[Emission, ...]
    limits: tuple[Limit, ...]
    window: str
    """Name of the window that trends are drawn of; empty where none is declared."""
    longest_shelf_ms: int
    """How long an alarm may be shelved."""
    production: bool = False
    """Whether the topology has that part, as the next two."""
    quality: bool = False
    logistics: bool = False
    enterprises: tuple[str, ...] = ()
    """Prefixes of those whose codes are shown; empty where the topology has no such part."""
    tenant: str | None = None
    """The one enterprise that alone is shown; None for all of them."""

    def asset(self, name: str) -> Asset:
        """A declared asset; one of that name alone if it is not declared."""
        for asset in self.assets:
            if asset.name == name:
                return asset
        return Asset(name=name, kind="", metrics=())


@dataclass(frozen=True, kw_only=True)
class Servers:
    """Where things are."""

    clickhouse: str = field(repr=False)
    """Address as in `sinks.clickhouse.connection`, a secret."""
    kafka: Mapping[str, Any] = field(repr=False)
    """Options that every aiokafka client takes; they hold the password."""
    host: str
    port: int
    """Where the screen listens."""
