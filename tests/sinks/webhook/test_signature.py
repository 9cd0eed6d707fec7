import base64

import pytest

from schemas.errors import SettingsError
from sinks.webhook import signature
from tests.sinks.webhook.receiver import SECRET, verify


def test_the_signature_is_that_of_the_reference_vector_of_standard_webhooks() -> None:
    signed = signature.sign(
        signature.keys(SECRET), "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, b'{"test": 2432232314}'
    )
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_while_a_secret_is_changed_both_are_good(monkeypatch: pytest.MonkeyPatch) -> None:
    new = f"whsec_{base64.b64encode(bytes(range(32))).decode()}"
    signed = signature.sign(signature.keys(f"{SECRET} {new}"), "id", 1_000, b"{}")
    headers = {"webhook-id": "id", "webhook-timestamp": "1000", "webhook-signature": signed}
    monkeypatch.setattr("time.time", lambda: 1_100.0)
    assert verify(SECRET, headers, b"{}")
    assert verify(new, headers, b"{}")
    assert not verify(f"whsec_{base64.b64encode(bytes(range(31))).decode()}", headers, b"{}")


@pytest.mark.parametrize("change", [{"webhook-id": "other"}, {"webhook-timestamp": "1001"}, {}])
def test_whatever_is_signed_cannot_be_changed(change: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    signed = signature.sign(signature.keys(SECRET), "id", 1_000, b"{}")
    headers = {"webhook-id": "id", "webhook-timestamp": "1000", "webhook-signature": signed}
    monkeypatch.setattr("time.time", lambda: 1_100.0)
    assert verify(SECRET, headers, b"{}")
    assert not verify(SECRET, {**headers, **change}, b"{}" if change else b"[]")
    monkeypatch.setattr("time.time", lambda: 1_301.0)
    assert not verify(SECRET, headers, b"{}")


@pytest.mark.parametrize(
    "secret", ["", "  ", SECRET.removeprefix("whsec_"), "whsec_", "whsec_" + "A" * 28, "whsec_" + "A" * 92, SECRET[:-1]]
)
def test_what_is_no_secret_is_refused_and_not_shown(secret: str) -> None:
    with pytest.raises(SettingsError, match=r"^HEADRACE_WEBHOOK_SECRET is ") as told:
        signature.keys(secret)
    assert "AAAA" not in str(told.value)
    assert "MfKQ" not in str(told.value)
