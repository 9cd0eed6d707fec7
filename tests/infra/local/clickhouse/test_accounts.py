"""The accounts file."""

import json
from pathlib import Path

import pytest

from infra.local.clickhouse.accounts import Accounts
from infra.local.clickhouse.errors import Code, ServerError, StartError


def load(folder: Path, content: str) -> Accounts:
    path = folder / "users.json"
    path.write_text(content)
    return Accounts.load(path)


def test_an_account_is_found_by_name_and_password(tmp_path: Path) -> None:
    accounts = load(tmp_path, json.dumps({"a": {"password": "pässword"}, "b": {"password": "", "readonly": 2}}))
    assert accounts.authenticate("a", "pässword").readonly == 0
    assert accounts.authenticate("b", "").readonly == 2
    assert not accounts.tenants
    assert load(tmp_path, '{"a": {"password": "", "enterprise": "88.118.8"}}').tenants


@pytest.mark.parametrize(("name", "password"), [("a", "wrong"), ("a", ""), ("nobody", ""), ("nobody", "right")])
def test_wrong_names_and_passwords_are_refused_alike(tmp_path: Path, name: str, password: str) -> None:
    accounts = load(tmp_path, json.dumps({"a": {"password": "right"}}))
    with pytest.raises(ServerError) as refused:
        accounts.authenticate(name, password)
    assert refused.value.code == Code.AUTHENTICATION_FAILED
    assert "right" not in str(refused.value)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{}",
        "[]",
        '{"a": {}}',
        '{"a": {"password": 1}}',
        '{"a": {"password": "x", "readonly": 1}}',
        '{"a": {"pass',
        '{"a": {"password": "x", "enterprise": "88.118.8&readonly=0"}}',
        '{"a": {"password": "x", "enterprise": "mill"}}',
    ],
)
def test_a_malformed_file_is_refused(tmp_path: Path, content: str) -> None:
    with pytest.raises(StartError):
        load(tmp_path, content)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="cannot read"):
        Accounts.load(tmp_path / "nowhere")


def test_an_account_does_not_show_its_password(tmp_path: Path) -> None:
    assert "s3cret" not in repr(load(tmp_path, '{"a": {"password": "s3cret"}}'))
