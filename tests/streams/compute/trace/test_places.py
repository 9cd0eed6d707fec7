"""Distances against vectors, and what a URI says of a place."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.trace import Place
from streams.compute.trace.places import distance_km, geo, place_of
from tests.streams.compute.trace.scan_oracle import arc_km

RADIUS = 6371.0088
places = st.tuples(st.floats(-90, 90), st.floats(-180, 180))


@given(places, places)
def test_distances_are_those_of_vectors(one: tuple[float, float], other: tuple[float, float]) -> None:
    found = distance_km(Place(*one), Place(*other))
    assert found == pytest.approx(arc_km(one, other), abs=1e-3)
    assert found == distance_km(Place(*other), Place(*one))


@pytest.mark.parametrize(
    ("one", "other", "km"),
    [
        ((31.23, 121.47), (31.23, 121.47), 0),
        ((0, 179.5), (0, -179.5), RADIUS * math.pi / 180),  # over the date line
        ((0, 180), (0, -180), 0),
        ((90, 0), (90, 135), 0),  # a pole has every longitude
        ((90, 0), (-90, 77), RADIUS * math.pi),
        ((0, 0), (0, 180), RADIUS * math.pi),  # antipodes: rounding must not leave the arc sine's domain
        ((12.3, 45.6), (-12.3, -134.4), RADIUS * math.pi),
        ((89.5, 10), (89.5, -170), RADIUS * math.pi / 180),  # over the pole
    ],
)
def test_distances_hold_at_poles_and_over_the_date_line(
    one: tuple[float, float], other: tuple[float, float], km: float
) -> None:
    assert distance_km(Place(*one), Place(*other)) == pytest.approx(km, abs=1e-4)


@pytest.mark.parametrize(
    ("uri", "place"),
    [
        ("geo:31.23,121.47", (31.23, 121.47)),
        ("GEO:-31,-180", (-31.0, -180.0)),
        ("geo:90,0,8848;crs=WGS84;u=35;x-floor=2", (90.0, 0.0)),
        ("geo:48.2010,16.3695,183;u=40", (48.201, 16.3695)),
        ("geo:31.23,121.47;crs=gcj02", None),
        ("geo:31.23,121.47;u=5;crs=gcj02", None),
        ("geo:90.1,0", None),
        ("geo:0,180.5", None),
        ("geo:1", None),
        ("geo:nan,1", None),
        ("geo:1,2,3,4", None),
    ],
)
def test_a_geo_uri_is_read_after_rfc_5870(uri: str, place: tuple[float, float] | None) -> None:
    assert geo(uri) == (None if place is None else Place(*place))


def test_other_read_points_are_where_they_are_declared_to_be() -> None:
    port = Place(1.0, 2.0)
    assert place_of("urn:example:port", {"urn:example:port": port}) == port
    assert place_of("urn:example:elsewhere", {"urn:example:port": port}) is None
    assert place_of("geo:3,4", {"urn:example:port": port}) == Place(3.0, 4.0)
