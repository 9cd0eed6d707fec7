"""Where the demo and the simulated plant have the keys of codes from."""

from pathlib import Path

import pytest

from schemas.errors import SettingsError
from streams.cli.demo import _code_keys
from streams.cli.simulate import _keys
from streams.compute.codes import KeyRing
from streams.topology.load import load

TOPOLOGIES = Path(__file__).parents[3] / "infra" / "topologies"
TOWER_PLANT = load(TOPOLOGIES / "tower_plant.yaml")


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HEADRACE_CODE_KEYS", "HEADRACE_CODE_KEYS_FILE"):
        monkeypatch.delenv(name, raising=False)


def test_a_demo_makes_a_key_once_that_nobody_else_can_read(tmp_path: Path) -> None:
    environment = _code_keys(tmp_path)
    file = Path(environment["HEADRACE_CODE_KEYS_FILE"])
    assert file.stat().st_mode & 0o777 == 0o600
    text = file.read_text()
    assert KeyRing.parse(text).newest == "A"
    assert _code_keys(tmp_path) == environment
    assert file.read_text() == text


def test_a_demo_takes_the_keys_that_are_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE_CODE_KEYS", "B:" + "a2tr" * 11)
    assert _code_keys(tmp_path) == {}
    assert list(tmp_path.iterdir()) == []


def test_a_plant_without_keys_says_so_and_has_no_codes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _keys(TOWER_PLANT) is None
    assert capsys.readouterr().err.count("\n") == 1
    monkeypatch.setenv("HEADRACE_CODE_KEYS", "B:" + "a2tr" * 11)
    keys = _keys(TOWER_PLANT)
    assert keys is not None
    assert keys.newest == "B"
    monkeypatch.setenv("HEADRACE_CODE_KEYS", "B:short")
    with pytest.raises(SettingsError):
        _keys(TOWER_PLANT)


def test_a_topology_without_the_plant_s_enterprise_has_no_codes_and_is_told_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert _keys(None) is None
    assert _keys(load(TOPOLOGIES / "gas_turbine.yaml")) is None
    assert capsys.readouterr().err == ""
