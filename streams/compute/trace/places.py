"""Where on the earth something was seen, and how far that is from elsewhere."""

import math
import re
from collections.abc import Mapping
from typing import Final

from schemas.trace import Place

_RADIUS_KM: Final = 6371.0088
"""Mean radius of the earth (IUGG)."""
_NUMBER: Final = r"-?[0-9]+(?:\.[0-9]+)?"
_GEO: Final = re.compile(
    rf"geo:({_NUMBER}),({_NUMBER})(?:,{_NUMBER})?(?:;crs=wgs84)?(?:;(?!crs=)[A-Za-z0-9-]+(?:=[^;\s]*)?)*",
    re.IGNORECASE,
)


def distance_km(one: Place, other: Place) -> float:
    """Length of the great circle between two places (haversine), on a sphere: within 0.6 % of the ellipsoid's."""
    latitude, there = math.radians(one.latitude), math.radians(other.latitude)
    east = math.radians(other.longitude - one.longitude)
    chord = math.sin((there - latitude) / 2) ** 2 + math.cos(latitude) * math.cos(there) * math.sin(east / 2) ** 2
    return 2 * _RADIUS_KM * math.asin(min(1.0, math.sqrt(chord)))


def geo(uri: str) -> Place | None:
    """The place that a `geo:` URI names (RFC 5870); None for another URI, or if it is not on the earth in WGS 84."""
    match = _GEO.fullmatch(uri)
    if match is None:
        return None
    latitude, longitude = float(match[1]), float(match[2])
    if abs(latitude) > 90 or abs(longitude) > 180:
        return None
    return Place(latitude, longitude)


def place_of(read_point: str, declared: Mapping[str, Place]) -> Place | None:
    """Where a read point is: as its URI says, or as it is declared; None if neither."""
    return geo(read_point) if read_point[:4].lower() == "geo:" else declared.get(read_point)
