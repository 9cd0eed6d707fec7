from pathlib import Path

import pytest

from streams.cli import main

TOWER_PLANT = Path(__file__).parents[3] / "infra" / "topologies" / "tower_plant.yaml"


def test_a_file_may_name_the_topology_of_a_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "named").write_text(str(TOWER_PLANT))
    monkeypatch.delenv("HEADRACE_TOPOLOGY", raising=False)
    monkeypatch.setenv("HEADRACE_TOPOLOGY_FILE", str(tmp_path / "named"))
    with pytest.raises(SystemExit) as ended:
        main(["token", "88.118.8"])
    assert not ended.value.code, capsys.readouterr().err
    assert "entry of HEADRACE_TOKENS  88.118.8:" in capsys.readouterr().out
