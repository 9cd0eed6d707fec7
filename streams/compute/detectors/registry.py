"""The table of all kinds of detectors."""

from collections.abc import Callable
from typing import Any, Final

from streams.compute.detectors.base import Detector, Spec
from streams.compute.detectors.cusum import Cusum, CusumDetector
from streams.compute.detectors.ewma import Ewma, EwmaDetector
from streams.compute.detectors.limit import Limit, LimitDetector
from streams.compute.detectors.missing import Missing, MissingDetector
from streams.compute.detectors.novelty import Novelty, NoveltyDetector
from streams.compute.detectors.range import Range, RangeDetector
from streams.compute.detectors.rate import Rate, RateDetector
from streams.compute.detectors.robust_z import RobustZ, RobustZDetector
from streams.compute.detectors.stuck import Stuck, StuckDetector

DetectorSpec = Limit | Range | Rate | Stuck | Missing | Ewma | Cusum | RobustZ | Novelty
"""Any declaration of a detector; `kind` says which."""

DETECTORS: Final[dict[type[Spec], Callable[[Any], Detector | MissingDetector]]] = {
    Limit: LimitDetector,
    Range: RangeDetector,
    Rate: RateDetector,
    Stuck: StuckDetector,
    Missing: MissingDetector,
    Ewma: EwmaDetector,
    Cusum: CusumDetector,
    RobustZ: RobustZDetector,
    Novelty: NoveltyDetector,
}


def build(spec: DetectorSpec) -> Detector | MissingDetector:
    """The detector that `spec` declares, without any series yet."""
    return DETECTORS[type(spec)](spec)
