import re
from collections.abc import Callable
from pathlib import Path

import pytest

from schemas.durations import Duration
from schemas.errors import TopologyError
from streams.topology.load import check, load

VALID = """\
topology: small
site: here
time: {idle_timeout: 30s}
metrics:
  nox: {unit: mg/m3, low: 0, high: 500}
assets:
  stack-1: {kind: stack, metrics: [nox]}
sources:
  emission.events: {partitions: 2}
windows:
  - {name: 10s, size: 10s, lateness: 5s}
detectors:
  - {name: high, kind: limit, metrics: [nox], high: 100}
  - name: smooth
    kind: ewma
    metrics: [nox]
    lambda: 0.2
"""

Write = Callable[[str], Path]


def test_a_valid_file_becomes_a_topology(write: Write) -> None:
    topology = load(write(VALID))
    assert topology.topology == "small"
    assert topology.windows[0].lateness == Duration(5000)
    assert [detector.name for detector in topology.detectors] == ["high", "smooth"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("high: 100}", "hihg: 100}", ":13: detectors[0].hihg: is not known here (did you mean 'high'?); allowed are "),
        ("name: high", 'name: "high\\n"', ":13: detectors[0].name: is 'high\\n'; allowed is text of the form "),
        ("kind: limit", "kind: limt", ":13: detectors[0].kind: is 'limt' (did you mean 'limit'?); allowed are limit, "),
        ("kind: limit, ", "", ":13: detectors[0]: kind is missing; allowed are limit, range, "),
        ("kind: limit", "kind: 3", ":13: detectors[0].kind: is 3; allowed are limit, "),
        ("high: 100}", "high: '100'}", ":13: detectors[0].high: is '100'; allowed is a number"),
        ("high: 100}", "high: 1_000}", ":13: detectors[0].high: is '1_000'; allowed is a number"),
        ("high: 100}", "high: 010}", ":13: detectors[0].high: is '010'; allowed is a number"),
        ("high: 100}", "high: yes}", ":13: detectors[0].high: is 'yes'; allowed is a number"),
        ("high: 100}", "high: [1]}", ":13: detectors[0].high: is a list; allowed is a number"),
        ("high: 100}", "high: 100, deadband: -1}", ":13: detectors[0]: deadband -1 must be 0 or more"),
        ("high: 100}", "high: 100, on_delay: 5}", ":13: detectors[0].on_delay: 5 is no duration: write a whole number"),
        (
            "metrics: [nox], high",
            "metrics: nox, high",
            ":13: detectors[0].metrics: is 'nox'; allowed is a list, each text",
        ),
        ("lambda: 0.2", "lambda: true", ":17: detectors[1].lambda: is true; allowed is a number"),
        ("    lambda: 0.2", "    weight: 0.2", ":17: detectors[1].weight: is not known here; allowed are "),
        ("size: 10s", "size: 10", ":11: windows[0].size: 10 is no duration: write a whole number and a unit"),
        ("size: 10s", "size: -5s", ":11: windows[0].size: '-5s' is no duration"),
        ("size: 10s, ", "", ":11: windows[0]: size is missing; it is a duration such as 10s"),
        (
            "partitions: 2",
            "partitions: 0",
            ':9: sources["emission.events"].partitions: is 0; allowed is a whole number',
        ),
        ("partitions: 2", "partitions: 2.5", ".partitions: is 2.5; allowed is a whole number from 1 to 1000"),
        ("emission.events:", "emission.event:", ":9: sources[\"emission.event\"]: is 'emission.event'; allowed is "),
        ("low: 0, high: 500", "low: 9, high: 5", ":5: metrics.nox: low 9.0 must be below high 5.0"),
        ("unit: mg/m3, ", "", ":5: metrics.nox: unit is missing; it is text"),
        ("unit: mg/m3", "unit:", ":5: metrics.nox.unit: is empty; allowed is text"),
        ("  nox: {unit", "  1: {unit", ":5: metrics.1: is 1; allowed is text"),
        ("topology: small", "topology: a/b", ":1: topology: is 'a/b'; allowed is text of the form "),
        ("site: here\n", "", ":1: site is missing; it is text"),
        ("site: here", "site: here\nsight: there", ":3: sight: is not known here (did you mean 'site'?); allowed are "),
        ("site: here", "site: here\nsite: there", ":3: 'site' stands here and on line 2"),
        ("site: here", "site: here\n\tabout: x", ":3: is not YAML: the line is indented with a tab; use spaces"),
        ("site: here", "site: here\nunknown: drop", ":3: unknown: is 'drop'; allowed is accept or dead_letter"),
    ],
)
def test_a_mistake_is_told_on_one_line_with_file_line_path_value_and_what_is_allowed(
    write: Write, old: str, new: str, said: str
) -> None:
    assert VALID.count(old) == 1
    file = write(VALID.replace(old, new))
    with pytest.raises(TopologyError) as raised:
        load(file)
    text = str(raised.value)
    assert text.startswith(str(file))
    assert said in text
    assert "\n" not in text


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "---\n"])
def test_an_empty_file_says_what_a_topology_needs(write: Write, text: str) -> None:
    with pytest.raises(TopologyError, match=r"plant.yaml: is empty; a topology needs at least"):
        load(write(text))


@pytest.mark.parametrize("text", ["hello", "- topology: a", "3"])
def test_a_document_that_is_no_mapping_is_refused(write: Write, text: str) -> None:
    with pytest.raises(TopologyError, match=r":1: is .*; allowed is a mapping"):
        load(write(text))


def test_a_missing_file_is_named() -> None:
    with pytest.raises(TopologyError, match=r"^no/such.yaml: there is no such file$"):
        load(Path("no/such.yaml"))


def test_all_mistakes_are_found_at_once_and_in_the_order_of_the_file(write: Write) -> None:
    text = VALID.replace("unit: mg/m3", "units: mg/m3").replace("size: 10s", "size: ten").replace("high: 100}", "}")
    file = write(text)
    checked = check(file)
    assert checked.topology is None
    assert [problem.line for problem in checked.problems] == [5, 5, 11, 13]
    with pytest.raises(TopologyError, match=r"and 3 more: `headrace topology validate"):
        load(file)


def test_mistakes_between_the_parts_have_lines_too(write: Write) -> None:
    text = VALID.replace("metrics: [nox]}", "metrics: [nox, so3]}").replace("    metrics: [nox]", "    metrics: [nix]")
    assert [(problem.line, problem.path) for problem in check(write(text)).problems] == [
        (7, ("assets", "stack-1", "metrics", 1)),
        (16, ("detectors", 1, "metrics", 0)),
    ]


def test_a_warning_does_not_make_a_topology_invalid(write: Write) -> None:
    checked = check(write(VALID.replace("lateness: 5s", "lateness: 31s")))
    assert checked.topology is not None
    assert [problem.level for problem in checked.problems] == ["warning"]


def test_a_huge_value_is_not_repeated_in_full(write: Write) -> None:
    checked = check(write(VALID.replace("partitions: 2", f"partitions: {'x' * 10_000}")))
    assert len(str(checked.problems[0])) < 200


def test_aliases_that_unfold_without_end_are_refused_at_once(write: Write) -> None:
    bomb = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30))
    checked = check(write(VALID + bomb + "replays: *a29\nunknown: *a29\n"))
    assert checked.topology is None
    assert {problem.path for problem in checked.problems} >= {("replays",), ("unknown",), ("a29",)}


@pytest.mark.parametrize(
    ("sinks", "said"),
    [
        ("alertmanager: {}", ":18: sinks.alertmanager: urls is missing; it is a list, each text"),
        ("alertmanager: {urls: []}", ":18: sinks.alertmanager: urls is empty; name at least one"),
        ("alertmanager: {urls: [am:9093]}", "'am:9093' is no URL; allowed is http:// or https://, a host, and what"),
        ("alertmanager: {urls: ['http://']}", "'http://' is no URL"),
        ("alertmanager: {urls: ['http://am:99999']}", "'http://am:99999' is no URL"),
        (
            "alertmanager: {urls: ['http://am/?a=1']}",
            "'http://am/' has a query; name the place below which /api/v2",
        ),
        ("webhook: {url: 'ftp://host/'}", "sinks.webhook: 'ftp://host/' is no URL"),
        ("webhook: {url: 'http://host/a b'}", "is no URL"),
        ("webhook: {url: 'http://host/#a'}", "is no URL"),
        ("webhook: {url: 'http://höst/'}", "is no URL"),
    ],
)
def test_an_outlet_is_where_http_can_be_spoken(sinks: str, said: str, write: Write) -> None:
    with pytest.raises(TopologyError, match=re.escape(said)):
        load(write(VALID + f"sinks: {{{sinks}}}\n"))


@pytest.mark.parametrize("sinks", ["alertmanager: {urls: ['URL']}", "webhook: {url: 'URL'}"])
def test_a_log_in_in_a_url_is_refused_and_not_shown(sinks: str, write: Write) -> None:
    text = VALID + f"sinks: {{{sinks}}}\n".replace("URL", "https://plant:hunter2@host/")
    with pytest.raises(
        TopologyError, match=r"the URL at host holds a log-in; .*HEADRACE_(ALERTMANAGER|WEBHOOK)"
    ) as told:
        load(write(text))
    assert "hunter2" not in str(told.value)


@pytest.mark.parametrize("url", ["https://plant:hunter2@host:99999/", "ftp://plant:hunter2@h/", "plant:hunter2@host"])
def test_a_log_in_in_what_is_no_url_is_not_shown_either(url: str, write: Write) -> None:
    with pytest.raises(TopologyError, match="what holds a log-in is no URL") as told:
        load(write(VALID + f"sinks: {{webhook: {{url: '{url}'}}}}\n"))
    assert "hunter2" not in str(told.value)


def test_outlets_are_none_unless_they_are_declared(write: Write) -> None:
    assert load(write(VALID)).sinks.alertmanager is load(write(VALID)).sinks.webhook is None
    sinks = (
        "{alertmanager: {urls: ['http://am:9093/prefix/', 'https://[::1]:9093']}, webhook: {url: 'https://h/p?k=1'}}"
    )
    topology = load(write(f"{VALID}sinks: {sinks}\n"))
    assert topology.sinks.alertmanager is not None
    assert len(topology.sinks.alertmanager.urls) == 2
    assert topology.sinks.clickhouse is not None
