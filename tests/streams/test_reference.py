"""Everything that a user can name is in the reference, and what the documents name exists."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import click
import msgspec
import pytest
from prometheus_client import CollectorRegistry

from schemas import topics
from schemas.durations import decode_hook
from schemas.errors import UserError
from schemas.events import FLAGS, Reason, Scope
from streams import cli, reference
from streams.cli import audit
from streams.compute.detectors.registry import DETECTORS
from streams.outlet_telemetry import OutletTelemetry
from streams.resolver_telemetry import ResolverTelemetry
from streams.settings import VARIABLES
from streams.telemetry import Telemetry
from streams.topology.model import Topology

ROOT = Path(reference.__file__).parents[1]
PAGE = reference.generate()
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def section(title: str) -> str:
    return PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def first_cells(title: str) -> set[str]:
    return set(re.findall(r"^\| `([^`]+)` \|", section(title), re.MULTILINE))


def test_the_committed_page_is_the_one_that_the_code_generates() -> None:
    committed = (ROOT / "docs" / "REFERENCE.md").read_text(encoding="utf-8")
    assert committed == PAGE, "run `make docs`"


def test_every_setting_is_in_it() -> None:
    spelled = {name.removesuffix("_FILE") for name in _spelled_out(r"HEADRACE(_[A-Z]+)+")}
    assert spelled >= VARIABLES.keys()
    assert spelled <= first_cells("Settings")


def test_every_metric_is_in_it() -> None:
    registry = CollectorRegistry()
    topology = {"topology": "t", "site": "s", "sources": {"machine.events": {}}}
    Telemetry(registry, msgspec.convert(topology, Topology, dec_hook=decode_hook))
    OutletTelemetry(of_outlets := CollectorRegistry())
    ResolverTelemetry(of_resolver := CollectorRegistry())
    served = {family.name for one in (registry, of_outlets, of_resolver) for family in one.collect()}
    assert {name.removesuffix("_total") for name in first_cells("Metrics")} == served
    assert "| `headrace_events_total` | counter | `topic`, `outcome` |" in PAGE
    assert "| `headrace_event_latency_seconds` | histogram | `sink` |" in PAGE


def test_every_topic_is_in_it() -> None:
    internal = {topics.checkpoint_topic("<topology>"), topics.replayed_topic("<topology>")}
    assert first_cells("Topics") == {*topics.TOPICS, *internal}


def test_every_verb_is_in_it_with_its_options_and_an_example() -> None:
    shown = re.findall(r"^### headrace ?(.*)$", section("Verbs"), re.MULTILINE)
    assert shown[0] == ""
    assert {verb.split()[0] for verb in shown[1:]} == cli.VERBS.keys()
    for verb in shown[1:]:
        text = section("Verbs").partition(f"### headrace {verb}\n")[2].partition("\n###")[0]
        assert "-h, --help" in text
        assert "Example: headrace " in text or "Commands:\n" in text, verb


def test_every_detector_reason_scope_and_flag_is_in_it() -> None:
    kinds = {str(spec.__struct_config__.tag) for spec in DETECTORS}
    assert set(re.findall(r"^### (\w+)$", section("Detectors"), re.MULTILINE)) == kinds
    assert first_cells("Dead letters") == {*Reason, *Scope}
    assert first_cells("Data flags") == set(FLAGS)


def test_every_link_within_the_page_leads_somewhere() -> None:
    headings = {title.lower().replace(" ", "-") for title in re.findall(r"^#+ (.+)$", PAGE, re.MULTILINE)}
    linked = set(re.findall(r"\]\(#([^)]+)\)", PAGE))
    assert linked <= headings
    assert "topology-file" in linked


def test_every_file_that_it_links_to_exists() -> None:
    files = set(re.findall(r"\]\(([^)#]+)\)", PAGE))
    assert "../schemas/json/event.v1.json" in files
    for file in files:
        assert (ROOT / "docs" / file).exists(), file


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_the_metrics_verbs_and_settings_that_a_document_names_exist(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    metrics = {re.sub(r"_(bucket|sum|count)$", "", name) for name in re.findall(r"\bheadrace_[a-z_]+\b", text)}
    assert metrics - {"headrace_store"} <= first_cells("Metrics")
    assert set(re.findall(r"`headrace ([a-z]+)", text)) <= cli.VERBS.keys()
    settings = {name.removesuffix("_FILE") for name in re.findall(r"\bHEADRACE_[A-Z_]+[A-Z]\b", text)}
    assert settings <= first_cells("Settings")


def test_a_verb_that_cannot_be_imported_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(cli.VERBS, "absent", "streams.cli.absent:absent")
    with pytest.raises(UserError, match=r"^the verb absent cannot be imported: No module named 'streams.cli.absent'$"):
        reference.generate()


def test_options_that_read_the_environment_are_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    @click.command()
    @click.option("--extra", envvar="HEADRACE_EXTRA", help="Something more.")
    def extra(extra: str) -> None:
        """Nothing."""

    monkeypatch.setattr(audit, "extra", extra, raising=False)
    monkeypatch.setitem(cli.VERBS, "extra", "streams.cli.audit:extra")
    assert "| `HEADRACE_EXTRA` | Something more. |" in reference.generate()


def _spelled_out(pattern: str) -> Iterator[str]:
    """String constants of the product's code that match, docstrings not among them."""
    for package in ("schemas", "streams", "sinks", "infra"):
        for file in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.fullmatch(pattern, node.value):
                    yield node.value
