"""What `headrace picking` says where it cannot plan; that it plans is in tests/end_to_end/test_logistics.py."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from schemas.errors import UserError
from streams.cli.picking import picking

TOPOLOGY = "topology: t\nsite: s\nsources: {machine.events: {}}\n"
ORDER = "order,section,grade,length_mm,quantity\nT-17,L100x8,Q355B,5900,8\n"


@pytest.mark.parametrize(
    ("logistics", "orders", "arguments", "said"),
    [
        ("", ORDER, [], "topology t declares no logistics"),
        ("logistics: {stores: [a, b]}", ORDER, [], "--store takes one of a, b"),
        ("logistics: {stores: [a, b]}", ORDER, ["--store", "c"], "--store takes one of a, b"),
        ("logistics: {}", ORDER, [], "--store takes one of the stores of the events"),
        ("logistics: {stores: [a]}", "order\n", [], "orders.csv: the header must name order, section"),
        ("logistics: {stores: [a]}", ORDER, ["--by", "x" * 201], "--by takes at most 200 characters"),
        ("logistics: {stores: [a]}", ORDER, [], "stock and pick lists are looked up in ClickHouse"),
    ],
)
def test_a_mistake_ends_in_one_line_that_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, logistics: str, orders: str, arguments: list[str], said: str
) -> None:
    monkeypatch.setenv("HEADRACE_KAFKA", "127.0.0.1:1")
    monkeypatch.delenv("HEADRACE_CLICKHOUSE", raising=False)
    topology, file = tmp_path / "topology.yaml", tmp_path / "orders.csv"
    topology.write_text(TOPOLOGY + logistics)
    file.write_text(orders)
    options = ["--topology", str(topology), "--data", str(tmp_path / "none"), *arguments]
    done = CliRunner().invoke(picking, ["plan", str(file), *options])
    assert isinstance(done.exception, UserError)
    assert str(done.exception).startswith(said)
    assert "\n" not in str(done.exception)
