"""Flags of one asset that belong together."""

from streams.compute.detectors.lane import Flag
from streams.compute.incidents import GAP_MS, Incidents
from streams.compute.series import SeriesKey

KEYS = [SeriesKey("s", "a", "t"), SeriesKey("s", "a", "p"), SeriesKey("s", "b", "t")]
NAN = float("nan")


def flag(series: int, ts: int) -> Flag:
    return Flag(0, series, ts, 0, 1.0, 0.6, NAN, NAN, NAN, "why")


def known() -> Incidents:
    incidents = Incidents()
    incidents.grow(KEYS)
    return incidents


def begins(incidents: Incidents, *flags: Flag) -> list[int]:
    return [one.incident for one in incidents.join(flags)]


def test_flags_of_an_asset_join_whatever_metric_they_are_of() -> None:
    assert begins(known(), flag(0, 1000), flag(1, 2000), flag(0, 2000 + GAP_MS)) == [1000, 1000, 1000]


def test_after_the_gap_another_incident_begins() -> None:
    assert begins(known(), flag(0, 1000), flag(0, 1001 + GAP_MS)) == [1000, 1001 + GAP_MS]


def test_each_asset_has_its_own() -> None:
    assert begins(known(), flag(0, 1000), flag(2, 5000), flag(1, 6000)) == [1000, 5000, 1000]


def test_a_flag_of_an_earlier_time_belongs_to_the_running_incident() -> None:
    assert begins(known(), flag(0, 9000), flag(0, 1000), flag(0, 9000 + GAP_MS)) == [9000, 9000, 9000]


def test_a_restart_in_the_middle_changes_nothing() -> None:
    before = known()
    before.join([flag(0, 1000)])
    after = known()
    after.restore(before.snapshot())
    assert begins(after, flag(1, 2000), flag(2, 3000)) == [1000, 3000]


def test_a_checkpoint_of_an_older_version_knows_of_none() -> None:
    incidents = known()
    incidents.restore({})
    assert begins(incidents, flag(0, 1000)) == [1000]


def test_series_may_come_later() -> None:
    incidents = Incidents()
    incidents.grow(KEYS[:1])
    incidents.join([flag(0, 1000)])
    incidents.grow(KEYS[1:])
    assert begins(incidents, flag(1, 2000), flag(2, 3000)) == [1000, 3000]
