"""The table of all kinds of detectors."""

from collections.abc import Callable
from typing import Any, Final

from streams.compute.detectors.base import Detector, Spec
from streams.compute.detectors.cusum import Cusum, CusumDetector
from streams.compute.detectors.ewma import Ewma, EwmaDetector
from streams.compute.detectors.limit import Limit, LimitDetector
from streams.compute.detectors.mewma import Mewma, MewmaDetector
from streams.compute.detectors.missing import Missing, MissingDetector
from streams.compute.detectors.novelty import Novelty, NoveltyDetector
from streams.compute.detectors.range import Range, RangeDetector
from streams.compute.detectors.rate import Rate, RateDetector
from streams.compute.detectors.robust_z import RobustZ, RobustZDetector
from streams.compute.detectors.season import SeasonalDetector, SeasonalSpec
from streams.compute.detectors.stuck import Stuck, StuckDetector
from streams.compute.detectors.tail import Tail, TailDetector

DetectorSpec = Limit | Range | Rate | Stuck | Missing | Ewma | Cusum | RobustZ | Tail | Mewma | Novelty
"""Any declaration of a detector; `kind` says which."""

AnyDetector = Detector | MissingDetector | MewmaDetector
"""Running state of any of them; the lane that runs it knows how it is fed."""

DETECTORS: Final[dict[type[Spec], Callable[[Any], AnyDetector]]] = {
    Limit: LimitDetector,
    Range: RangeDetector,
    Rate: RateDetector,
    Stuck: StuckDetector,
    Missing: MissingDetector,
    Ewma: EwmaDetector,
    Cusum: CusumDetector,
    RobustZ: RobustZDetector,
    Tail: TailDetector,
    Mewma: MewmaDetector,
    Novelty: NoveltyDetector,
}


def build(spec: DetectorSpec) -> AnyDetector:
    """The detector that `spec` declares, without any series yet."""
    detector = DETECTORS[type(spec)](spec)
    if isinstance(spec, SeasonalSpec) and spec.season and not isinstance(detector, MissingDetector | MewmaDetector):
        return SeasonalDetector(detector, spec.season)
    return detector
