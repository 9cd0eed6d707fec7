from collections.abc import Callable
from typing import Any

import pytest

from streams.topology.model import Topology
from streams.topology.problems import Problem, Where, did_you_mean
from streams.topology.validate import problems

Build = Callable[..., Topology]

LIMIT = {"name": "a", "kind": "limit", "metrics": ["nox"], "high": 100}
ALARM = {"name": "a", "metrics": ["nox"], "high": 100}
RANGE = {"name": "a", "kind": "range", "metrics": ["*"]}
COLUMN = {"from": "column", "column": "date"}
ROWS = {"from": "rows", "interval": "1h", "year_in_name": r"gt_(\d{4})"}
REPLAY = {"files": "*.csv", "topic": "machine.events", "asset": "stack-1", "time": COLUMN, "values": {"nox": "NOX"}}


RULE = {"name": "nox", "pack": "cn-hj75-2017", "metric": "nox", "limits": {"hour": 200}}


def rules(*declared: dict[str, Any]) -> dict[str, Any]:
    return {"compliance": {"rules": declared}}


HIGH = {"name": "nox-high", "metrics": ["nox"], "assets": ["stack-*"], "high": 100}
SETPOINT = {"asset": "scrubber-1", "metric": "ph", "initial": 8, "low": 7, "high": 9, "step": 0.2}
BOOK = {"name": "a", "alarm": "nox-high", "asset": "stack-1", "improvement": 5, "setpoint": SETPOINT}


def window(name: str, **changes: str) -> dict[str, str]:
    return {"name": name, "size": "10s", **changes}


def test_a_topology_that_holds_together_has_no_problems(small: Build) -> None:
    assert problems(small()) == []


@pytest.mark.parametrize(
    ("changes", "path", "words"),
    [
        ({"site": "here/there"}, ("site",), "without spaces and slashes"),
        ({"site": ""}, ("site",), "without spaces and slashes"),
        ({"assets": {"a/b": {"kind": "x"}}}, ("assets", "a/b"), "is no name"),
        ({"metrics": {"n x": {"unit": "1"}}, "assets": {}, "detectors": []}, ("metrics", "n x"), "is no name"),
        ({"site": "x" * 201}, ("site",), "of 1 to 200 characters that can be printed"),
        ({"site": "a\x1b[2J"}, ("site",), "of 1 to 200 characters that can be printed"),
        ({"assets": {"x" * 201: {"kind": "x"}}}, ("assets", "x" * 201), "is no name"),
        ({"sources": {"machine.events": {"retention": "0s"}}}, ("sources", "machine.events", "retention"), "is 0;"),
        ({"results": {"retention": "0s"}}, ("results", "retention"), "is 0;"),
        ({"alarms": [ALARM], "alarm_system": {"retention": "0s"}}, ("alarm_system", "retention"), "is 0;"),
        ({"sources": {}}, ("sources",), "at least one source"),
        ({"windows": [window("a"), window("b"), window("a")]}, ("windows", 2, "name"), "the name of windows[0]"),
        ({"detectors": [LIMIT, {**LIMIT, "high": 9}]}, ("detectors", 1, "name"), "the name of detectors[0]"),
        ({"time": {"earliest": "yesterday"}}, ("time", "earliest"), "RFC 3339 with an offset"),
        (
            {"time": {"earliest": "0001-01-01T00:00:00+14:00"}},
            ("time", "earliest"),
            "within the years 1 to 9999 of UTC",
        ),
        ({"time": {"earliest": "2020-01-01T00:00:00"}}, ("time", "earliest"), "RFC 3339 with an offset"),
        ({"time": {"max_future": "9999d"}}, ("time", "max_future"), "allowed are 3650d"),
        ({"time": {"idle_timeout": "0s"}, "windows": []}, ("time", "idle_timeout"), "must be longer"),
        (
            {"assets": {"a": {"kind": "x", "metrics": ["nix"]}}, "detectors": []},
            ("assets", "a", "metrics", 0),
            "(did you mean 'nox'?)",
        ),
        ({"assets": {"a": {"kind": "x", "metrics": ["nox"] * 2}}}, ("assets", "a", "metrics", 1), "listed twice"),
        (
            {
                "sources": {"machine.events": {"retention": "1h"}},
                "time": {"idle_timeout": "1h"},
                "windows": [window("a", lateness="30m", size="1h")],
            },
            ("sources", "machine.events", "retention"),
            "window a with its lateness spans 90m",
        ),
        ({"windows": [window("a", advance="1ms")]}, ("windows", 0, "advance"), "goes into 10000 windows"),
        (
            {"windows": [window("a", lateness="28h")], "time": {"idle_timeout": "28h"}},
            ("windows", 0, "lateness"),
            "10081 windows are open at once; allowed are 10000",
        ),
        ({"detectors": [{**RANGE, "metrics": ["nox"], "low": 500}]}, ("detectors", 0), "it is 500 to 500"),
        ({"detectors": [{**LIMIT, "deadband": 100}]}, ("detectors", 0, "deadband"), "clears beyond 0, where nox never"),
        (
            {"alarms": [{"name": "a", "metrics": ["nox"], "low": 100, "deadband": 401}]},
            ("alarms", 0, "deadband"),
            "the low limit clears beyond 501, where nox never is",
        ),
        (
            {"detectors": [{**LIMIT, "metrics": ["nox", "so*"]}]},
            ("detectors", 0, "metrics", 1),
            "'so*' matches no declared",
        ),
        (
            {"detectors": [{**LIMIT, "assets": ["stack1"]}]},
            ("detectors", 0, "assets", 0),
            "matches no declared asset (did you mean 'stack-1'?)",
        ),
        ({"detectors": [{**LIMIT, "assets": ["scrubber-*"]}]}, ("detectors", 0), "a watches nothing"),
        ({"detectors": [RANGE]}, ("detectors", 0), "has no bounds for ph"),
        (
            {
                "metrics": {f"m{n}": {"unit": "1"} for n in range(17)},
                "assets": {"a": {"kind": "x"}, "b": {"kind": "x", "metrics": ["m0", "m1"]}},
                "detectors": [{"name": "a", "kind": "mewma", "metrics": ["m*"]}],
            },
            ("detectors", 0, "metrics"),
            "match 17 metrics of a; allowed are 16",
        ),
        ({"detectors": [{**LIMIT, "high": 501}]}, ("detectors", 0, "high"), "nox is physically 0 to 500 mg/m3"),
        ({"detectors": [{**LIMIT, "low": -1}]}, ("detectors", 0, "low"), "nox is physically 0 to 500 mg/m3"),
        (rules(RULE, RULE), ("compliance", "rules", 1, "name"), "the name of compliance.rules[0]"),
        (rules({**RULE, "name": "nox-limit"}), ("compliance", "rules", 0, "name"), "the name of detectors[0]"),
        (rules({**RULE, "metric": "so2"}), ("compliance", "rules", 0, "metric"), "'so2' is not declared"),
        (rules({**RULE, "metric": "ph", "assets": ["stack-*"]}), ("compliance", "rules", 0, "metric"), "none of the"),
        (rules({**RULE, "assets": ["stac-*"]}), ("compliance", "rules", 0, "assets", 0), "matches no declared asset"),
        (
            rules({**RULE, "oxygen": {"metric": "ph", "reference": 9}}),
            ("compliance", "rules", 0, "oxygen", "metric"),
            "whose unit is 1; it must be % here",
        ),
        (rules({**RULE, "flow": "ph"}), ("compliance", "rules", 0, "flow"), "it must be m3/h here"),
        ({"alarms": [ALARM, ALARM]}, ("alarms", 1, "name"), "the name of alarms[0]"),
        ({"alarms": [{**ALARM, "metrics": ["nix"]}]}, ("alarms", 0, "metrics", 0), "(did you mean 'nox'?)"),
        ({"alarms": [{**ALARM, "assets": ["scrubber-*"]}]}, ("alarms", 0), "a watches nothing"),
        ({"alarms": [{**ALARM, "high": 501}]}, ("alarms", 0, "high"), "nox is physically 0 to 500 mg/m3"),
        (
            {"alarms": [ALARM], "alarm_system": {"retention": "1h"}},
            ("alarm_system", "retention"),
            "a shelf can last 8h, keep at least that",
        ),
        ({"replays": {"r": {**REPLAY, "asset": "stack-9"}}}, ("replays", "r", "asset"), "(did you mean 'stack-1'?)"),
        ({"replays": {"r": {**REPLAY, "values": {"no": "X"}}}}, ("replays", "r", "values", "no"), "is not declared"),
        (
            {"sources": {"emission.events": {}}, "replays": {"r": REPLAY}},
            ("replays", "r", "topic"),
            "source 'machine.events' is not declared",
        ),
        ({"replays": {"r": REPLAY, "s": REPLAY}}, ("replays", "s", "files"), "as in r"),
        (
            {"replays": {"r": {**REPLAY, "time": {**COLUMN, "format": "dd/mm/yyyy"}}}},
            ("replays", "r", "time", "format"),
            "strptime",
        ),
        (
            {"replays": {"r": {**REPLAY, "time": {**COLUMN, "utc_offset": "+90:00"}}}},
            ("replays", "r", "time", "utc_offset"),
            "so far from UTC",
        ),
        (
            {"replays": {"r": {**REPLAY, "time": {**ROWS, "interval": "0s"}}}},
            ("replays", "r", "time", "interval"),
            "must be longer",
        ),
        (
            {"replays": {"r": {**REPLAY, "time": {**ROWS, "year_in_name": "("}}}},
            ("replays", "r", "time", "year_in_name"),
            "no regular expression",
        ),
        (
            {"replays": {"r": {**REPLAY, "time": {**ROWS, "year_in_name": r"\d{4}"}}}},
            ("replays", "r", "time", "year_in_name"),
            "put brackets round the year",
        ),
    ],
)
def test_a_contradiction_is_found_where_it_is(small: Build, changes: dict[str, Any], path: Where, words: str) -> None:
    [problem] = problems(small(**changes))
    assert problem.path == path
    assert words in problem.message
    assert problem.level == "error"


def playbook(**changes: Any) -> dict[str, Any]:
    return {"alarms": [HIGH], "playbooks": [{**BOOK, **changes}]}


@pytest.mark.parametrize(
    ("changes", "path", "words"),
    [
        (playbook(alarm="nox-hihg"), ("playbooks", 0, "alarm"), "(did you mean 'nox-high'?)"),
        (playbook(asset="scrubber-1"), ("playbooks", 0, "asset"), "which alarm nox-high does not watch"),
        (playbook(asset="stack-9"), ("playbooks", 0, "asset"), "asset 'stack-9' is not declared"),
        (
            {**playbook(), "alarms": [{**HIGH, "metrics": ["n*"]}]},
            ("playbooks", 0, "alarm"),
            "watches n*; a playbook answers an alarm of one metric",
        ),
        (
            {**playbook(), "alarms": [{**HIGH, "metrics": ["nox", "ph"], "assets": ["*"]}]},
            ("playbooks", 0, "alarm"),
            "watches nox, ph;",
        ),
        (playbook(setpoint={**SETPOINT, "asset": "s-1"}), ("playbooks", 0, "setpoint", "asset"), "is not declared"),
        (playbook(setpoint={**SETPOINT, "metric": "flow"}), ("playbooks", 0, "setpoint", "metric"), "is not declared"),
        (
            playbook(setpoint={**SETPOINT, "metric": "nox"}),
            ("playbooks", 0, "setpoint", "metric"),
            "metric of scrubber-1 'nox' is not declared",
        ),
        (
            playbook(setpoint={**SETPOINT, "asset": "stack-1", "metric": "nox", "high": 501}),
            ("playbooks", 0, "setpoint", "high"),
            "is 501; nox is physically 0 to 500 mg/m3",
        ),
        (
            playbook(
                interlocks=[{"asset": "stack-1", "metric": "nox", "low": 1}, {"asset": "x", "metric": "ph", "low": 1}]
            ),
            ("playbooks", 0, "interlocks", 1, "asset"),
            "asset 'x' is not declared",
        ),
        (
            playbook(interlocks=[{"asset": "stack-1", "metric": "nox", "low": 501}]),
            ("playbooks", 0, "interlocks", 0, "low"),
            "is 501; nox is at most 500: nothing could ever move",
        ),
        (
            playbook(interlocks=[{"asset": "stack-1", "metric": "nox", "high": -1}]),
            ("playbooks", 0, "interlocks", 0, "high"),
            "is -1; nox is at least 0: nothing could ever move",
        ),
        (
            {"alarms": [HIGH], "playbooks": [BOOK, {**BOOK, "name": "b"}]},
            ("playbooks", 1, "setpoint"),
            "is moved by a already; a set-point has one playbook",
        ),
    ],
)
def test_a_playbook_that_does_not_fit_is_found(small: Build, changes: dict[str, Any], path: Where, words: str) -> None:
    assert problems(small(**playbook())) == []
    [problem] = problems(small(**changes))
    assert (problem.path, problem.level) == (path, "error")
    assert words in problem.message


def test_two_playbooks_of_one_name_are_told_apart_by_neither(small: Build) -> None:
    other = {**BOOK, "setpoint": {**SETPOINT, "asset": "stack-1", "metric": "nox"}}
    [problem] = problems(small(alarms=[HIGH], playbooks=[BOOK, other]))
    assert problem.path == ("playbooks", 1, "name")


def test_all_contradictions_are_found_at_once(small: Build) -> None:
    found = problems(small(site="", windows=[window("a")] * 2, detectors=[RANGE, {**LIMIT, "metrics": ["so2"]}]))
    assert [problem.path[0] for problem in found] == ["site", "windows", "detectors", "detectors", "detectors"]


def test_what_is_not_declared_at_all_is_left_open(small: Build) -> None:
    undeclared = small(metrics={}, assets={}, detectors=[LIMIT, {**RANGE, "name": "b", "low": 1}])
    assert problems(undeclared) == []


def test_an_asset_that_lists_no_metrics_may_send_any(small: Build) -> None:
    assert problems(small(assets={"stack-1": {"kind": "stack"}})) == []


def test_a_range_may_bring_its_own_bounds(small: Build) -> None:
    assert problems(small(detectors=[{**RANGE, "low": 0}])) == []


def test_a_pause_shorter_than_the_lateness_is_a_warning_unless_history_is_replayed(small: Build) -> None:
    late = {"windows": [window("a", lateness="1m")], "time": {"idle_timeout": "10s"}}
    [problem] = problems(small(**late))
    assert (problem.path, problem.level) == (("windows", 0, "lateness"), "warning")
    assert problems(small(**late, replays={"r": REPLAY})) == []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ((), "no"),
        (("a",), "a: no"),
        (("a", 2, "b-c"), "a[2].b-c: no"),
        (("sources", "machine.events", "retention"), 'sources["machine.events"].retention: no'),
        (("x", 'quo"te\n'), 'x["quo\\"te\\n"]: no'),
    ],
)
def test_a_problem_tells_its_path_on_one_line(path: Where, text: str) -> None:
    assert str(Problem(path, "no")) == text


def test_a_word_too_long_to_be_a_slip_is_not_compared_with_those_that_are_known() -> None:
    assert did_you_mean("detector", ["detectors"]) == " (did you mean 'detectors'?)"
    assert did_you_mean("d" * 100_000, ["d" * 100_001]) == ""
