import inspect
import ssl
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from kafka import KafkaAdminClient
from rich.pretty import pretty_repr

from infra.local import record
from infra.local.clickhouse_server import load_users, make_users
from infra.local.ports import Ports
from infra.local.record import Record
from infra.local.stack import find
from schemas.errors import SettingsError
from streams.settings import VARIABLES, Address, KafkaSecurity, OutletLogins, Settings, clickhouse_of

SECRET = "s3cret-hunter2"
KAFKA = {"HEADRACE_KAFKA": "broker:9092"}
SASL = {
    **KAFKA,
    "HEADRACE_KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT",
    "HEADRACE_KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
    "HEADRACE_KAFKA_SASL_USERNAME": "headrace",
    "HEADRACE_KAFKA_SASL_PASSWORD": SECRET,
}


@pytest.fixture
def nowhere(tmp_path: Path) -> Path:
    """A data folder without a local stack."""
    return tmp_path / "no-stack"


def refusal(environ: dict[str, str], data: Path) -> str:
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment(environ, data)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_everything_is_read_from_the_environment(nowhere: Path) -> None:
    environ = {
        "HEADRACE_KAFKA": "one:9092, two:9093",
        "HEADRACE_CLICKHOUSE": "clickhouse://u:p@host:9000/headrace",
        "HEADRACE_TOPOLOGY": "plant.yaml",
        "HEADRACE_METRICS": "0.0.0.0:9000",
        "HEADRACE_KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
        "HEADRACE_KAFKA_SASL_MECHANISM": "PLAIN",
        "HEADRACE_KAFKA_SASL_USERNAME": "user",
        "HEADRACE_KAFKA_SASL_PASSWORD": "password",
        "HEADRACE_KAFKA_SSL_CAFILE": "ca.pem",
        "HEADRACE_OUTLETS_METRICS": "0.0.0.0:9001",
        "HEADRACE_SCREEN": "0.0.0.0:9002",
        "HEADRACE_RESOLVER": "0.0.0.0:9003",
        "HEADRACE_RESOLVER_METRICS": "0.0.0.0:9005",
        "HEADRACE_EPCIS": "0.0.0.0:9004",
        "HEADRACE_ALERTMANAGER_USERNAME": "plant",
        "HEADRACE_ALERTMANAGER_PASSWORD": "word",
        "HEADRACE_ALERTMANAGER_TOKEN": "token",
        "HEADRACE_WEBHOOK_SECRET": "whsec_",
        "HEADRACE_CODE_KEYS": "A:",
        "HEADRACE_TOKENS": "88.118.8:",
    }
    assert environ.keys() == VARIABLES.keys()
    assert Settings.from_environment(environ, nowhere) == Settings(
        kafka="one:9092,two:9093",
        clickhouse="clickhouse://u:p@host:9000/headrace",
        topology=Path("plant.yaml"),
        metrics=Address("0.0.0.0", 9000),  # noqa: S104
        outlets_metrics=Address("0.0.0.0", 9001),  # noqa: S104
        screen=Address("0.0.0.0", 9002),  # noqa: S104
        resolver=Address("0.0.0.0", 9003),  # noqa: S104
        resolver_metrics=Address("0.0.0.0", 9005),  # noqa: S104
        epcis=Address("0.0.0.0", 9004),  # noqa: S104
        security=KafkaSecurity(
            protocol="SASL_SSL", mechanism="PLAIN", username="user", password="password", cafile="ca.pem"
        ),
        outlet_logins=OutletLogins(
            alertmanager_username="plant",
            alertmanager_password="word",
            alertmanager_token="token",
            webhook_secret="whsec_",
        ),
    )


def test_what_is_left_out_has_its_default(nowhere: Path) -> None:
    settings = Settings.from_environment({**KAFKA, "HEADRACE_TOPOLOGY": ""}, nowhere)
    assert settings == Settings(
        kafka="broker:9092",
        metrics=Address("127.0.0.1", 9464),
        outlets_metrics=Address("127.0.0.1", 9465),
        screen=Address("127.0.0.1", 8700),
        resolver=Address("127.0.0.1", 8800),
        resolver_metrics=Address("127.0.0.1", 9466),
        epcis=Address("127.0.0.1", 8801),
    )
    assert settings.client_options() == {"bootstrap_servers": ["broker:9092"], "security_protocol": "PLAINTEXT"}


@pytest.mark.parametrize("name", VARIABLES)
def test_every_variable_may_be_given_as_a_file(name: str, tmp_path: Path) -> None:
    (file := tmp_path / "value").write_text(f"{SASL.get(name, 'localhost:1')}\n", encoding="utf-8")
    given = {**SASL, name: SASL.get(name, "localhost:1")}
    as_file = {**{other: value for other, value in given.items() if other != name}, f"{name}_FILE": str(file)}
    assert Settings.from_environment(as_file, tmp_path) == Settings.from_environment(given, tmp_path)


def test_the_variable_itself_goes_before_its_file(nowhere: Path) -> None:
    environ = {**KAFKA, "HEADRACE_KAFKA_FILE": "/does/not/exist"}
    assert Settings.from_environment(environ, nowhere).kafka == "broker:9092"


@pytest.mark.parametrize("content", [None, b"\xff\xfe" + SECRET.encode()])
def test_a_file_that_cannot_be_read_is_named_by_its_variable_alone(content: bytes | None, tmp_path: Path) -> None:
    file = tmp_path / SECRET
    if content is not None:
        file.write_bytes(content)
    told = refusal({**KAFKA, "HEADRACE_KAFKA_SASL_PASSWORD_FILE": str(file)}, tmp_path)
    assert told.startswith("the file that HEADRACE_KAFKA_SASL_PASSWORD_FILE names ")
    assert SECRET not in told


def test_without_kafka_and_local_stack_the_way_out_is_told(nowhere: Path) -> None:
    assert refusal({}, nowhere) == "no Kafka: start a local one with `headrace up` or set HEADRACE_KAFKA"


@pytest.mark.parametrize(
    "address", ["", "host", ":9092", "host:", "host:port", "host:-1", "host:65536", "h:" + "9" * 5000]
)
def test_a_bad_address_is_refused(address: str) -> None:
    with pytest.raises(SettingsError, match=r"is no address: write host:port, such as 127\.0\.0\.1:9464$"):
        Address.parse(address)


@pytest.mark.parametrize(
    ("address", "host", "port"),
    [("a:0", "a", 0), ("[::1]:9092", "[::1]", 9092), ("b.example:65535", "b.example", 65535)],
)
def test_an_address_is_host_and_port(address: str, host: str, port: int) -> None:
    assert Address.parse(address) == Address(host, port)
    assert str(Address(host, port)) == address


@pytest.mark.parametrize("kafka", ["headrace:SECRET@broker:9092", "a:9092,u:pa,SECRET@broker:9092", "u:SECRET@broker"])
def test_a_log_in_among_the_bootstrap_servers_is_refused_and_not_shown(kafka: str, nowhere: Path) -> None:
    told = refusal({"HEADRACE_KAFKA": kafka.replace("SECRET", SECRET)}, nowhere)
    assert "HEADRACE_KAFKA_SASL_USERNAME and _PASSWORD" in told
    assert SECRET not in told


def test_a_log_in_in_an_address_is_refused_and_not_shown(nowhere: Path) -> None:
    assert SECRET not in refusal({**KAFKA, "HEADRACE_METRICS": f"u:{SECRET}@127.0.0.1:9464"}, nowhere)


@pytest.mark.parametrize(
    "environ",
    [{"HEADRACE_KAFKA": "one:9092,two"}, {"HEADRACE_KAFKA": "one:9092,"}, {**KAFKA, "HEADRACE_METRICS": "9464"}],
)
def test_a_bad_address_is_refused_with_the_name_of_its_variable(environ: dict[str, str], nowhere: Path) -> None:
    assert refusal(environ, nowhere).startswith(f"{list(environ)[-1]}: ")


def test_sasl_needs_mechanism_user_and_password(nowhere: Path) -> None:
    for missing in ("MECHANISM", "USERNAME", "PASSWORD"):
        environ = {name: value for name, value in SASL.items() if name != f"HEADRACE_KAFKA_SASL_{missing}"}
        assert refusal(environ, nowhere) == (
            "SASL_PLAINTEXT needs HEADRACE_KAFKA_SASL_MECHANISM, _USERNAME and _PASSWORD"
        )


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("HEADRACE_KAFKA_SECURITY_PROTOCOL", "TLS", "PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL"),
        ("HEADRACE_KAFKA_SASL_MECHANISM", "GSSAPI", "PLAIN, SCRAM-SHA-256, SCRAM-SHA-512"),
    ],
)
def test_another_way_to_log_in_is_refused_with_those_that_are_allowed(
    name: str, value: str, allowed: str, nowhere: Path
) -> None:
    assert refusal({**SASL, name: value}, nowhere) == f"{name} is {value!r}; allowed are {allowed}"


def test_the_log_in_is_part_of_what_the_clients_are_given(nowhere: Path) -> None:
    assert Settings.from_environment(SASL, nowhere).client_options() == {
        "bootstrap_servers": ["broker:9092"],
        "security_protocol": "SASL_PLAINTEXT",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": "headrace",
        "sasl_plain_password": SECRET,
    }


def test_tls_checks_the_brokers_certificates(nowhere: Path) -> None:
    settings = Settings.from_environment({**SASL, "HEADRACE_KAFKA_SECURITY_PROTOCOL": "SASL_SSL"}, nowhere)
    context = settings.client_options()["ssl_context"]
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_certificates_that_cannot_be_used_are_told_in_one_line(content: str | None, tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    environ = {**KAFKA, "HEADRACE_KAFKA_SECURITY_PROTOCOL": "SSL", "HEADRACE_KAFKA_SSL_CAFILE": str(file)}
    with pytest.raises(SettingsError, match=rf"^HEADRACE_KAFKA_SSL_CAFILE: {file} cannot be used: .+$"):
        Settings.from_environment(environ, tmp_path).client_options()


def test_both_kafka_libraries_know_the_options(nowhere: Path) -> None:
    settings = Settings.from_environment({**SASL, "HEADRACE_KAFKA_SECURITY_PROTOCOL": "SASL_SSL"}, nowhere)
    options = settings.client_options().keys()
    assert options <= inspect.signature(AIOKafkaConsumer).parameters.keys()
    assert options <= inspect.signature(AIOKafkaProducer).parameters.keys()
    assert options <= KafkaAdminClient.DEFAULT_CONFIG.keys()


@pytest.mark.parametrize(
    ("logins", "header"),
    [
        (OutletLogins(), None),
        (OutletLogins(webhook_secret=SECRET), None),
        (OutletLogins(alertmanager_token="a.b-c"), "Bearer a.b-c"),
        # RFC 7617, section 2.1
        (OutletLogins(alertmanager_username="test", alertmanager_password="123£"), "Basic dGVzdDoxMjPCow=="),
    ],
)
def test_the_log_in_at_alertmanager_is_a_token_or_a_user_with_a_password(
    logins: OutletLogins, header: str | None
) -> None:
    assert logins.alertmanager_authorization() == header


@pytest.mark.parametrize(
    ("logins", "says"),
    [
        (OutletLogins(alertmanager_username="plant"), "belong together"),
        (OutletLogins(alertmanager_password=SECRET), "belong together"),
        (OutletLogins(alertmanager_username="plant", alertmanager_token=SECRET), "not both"),
        (OutletLogins(alertmanager_token=f"{SECRET}\r\nhost: else"), "is no token"),
        (OutletLogins(alertmanager_token=f"Bearer {SECRET}"), "is no token"),
        (OutletLogins(alertmanager_token=f"{SECRET}£"), "is no token"),
    ],
)
def test_half_a_log_in_at_alertmanager_and_what_no_header_can_hold_are_refused(logins: OutletLogins, says: str) -> None:
    with pytest.raises(SettingsError, match=says) as told:
        logins.alertmanager_authorization()
    assert SECRET not in str(told.value)


def test_no_secret_is_ever_shown(nowhere: Path) -> None:
    settings = Settings.from_environment(
        {
            **SASL,
            "HEADRACE_CLICKHOUSE": f"clickhouse://headrace:{SECRET}@host:9000/headrace",
            "HEADRACE_ALERTMANAGER_PASSWORD": SECRET,
            "HEADRACE_ALERTMANAGER_TOKEN": SECRET,
            "HEADRACE_WEBHOOK_SECRET": SECRET,
        },
        nowhere,
    )
    assert settings.outlet_logins.webhook_secret == SECRET
    assert settings.clickhouse is not None
    assert SECRET in settings.clickhouse
    for shown in (repr(settings), str(settings), f"{settings.security}", pretty_repr(settings)):
        assert "broker:9092" in shown or "SCRAM" in shown
        assert SECRET not in shown


def test_no_secret_is_shown_where_the_settings_are_refused(nowhere: Path) -> None:
    for name in ("HEADRACE_KAFKA_SECURITY_PROTOCOL", "HEADRACE_KAFKA_SASL_MECHANISM", "HEADRACE_METRICS"):
        assert SECRET not in refusal({**SASL, name: "wrong"}, nowhere)
    with pytest.raises(SettingsError) as caught:
        KafkaSecurity(protocol="SASL_SSL", password=SECRET)
    assert SECRET not in str(caught.value)


class TestLocalStack:
    """What the environment does not say is taken from the stack that `headrace up` started."""

    @pytest.fixture
    def data(self, tmp_path: Path) -> Path:
        record.save(tmp_path, Record(str(tmp_path), Ports(19092, 19000, 18123)))
        make_users(tmp_path)
        return tmp_path

    def test_its_addresses_are_those_that_the_stack_itself_gives(self, data: Path) -> None:
        stack = find(data)
        assert stack is not None
        settings = Settings.from_environment({}, data)
        assert (settings.kafka, settings.clickhouse) == (stack.kafka, stack.clickhouse_url)

    def test_the_environment_goes_before_it(self, data: Path) -> None:
        settings = Settings.from_environment(KAFKA, data)
        assert settings.kafka == "broker:9092"
        assert settings.clickhouse is not None
        assert settings.clickhouse.endswith("@127.0.0.1:19000/headrace")

    def test_it_is_not_looked_at_where_the_environment_says_everything(self, data: Path) -> None:
        (data / "stack.json").write_text("damaged")
        settings = Settings.from_environment({**KAFKA, "HEADRACE_CLICKHOUSE": "clickhouse://host"}, data)
        assert settings.clickhouse == "clickhouse://host"

    def test_clickhouse_alone_needs_no_kafka(self, data: Path) -> None:
        stack = find(data)
        assert stack is not None
        assert clickhouse_of({}, data) == stack.clickhouse_url
        assert clickhouse_of({"HEADRACE_CLICKHOUSE": "clickhouse://host"}, data) == "clickhouse://host"
        assert clickhouse_of({}, data / "absent") is None

    def test_a_stack_that_was_never_up_is_none(self, data: Path) -> None:
        (data / "clickhouse-users.json").unlink()
        assert refusal({}, data).startswith("no Kafka: ")
        (data / "stack.json").unlink()
        assert refusal({}, data).startswith("no Kafka: ")
        (data / "file").touch()
        assert refusal({}, data / "file").startswith("no Kafka: ")

    @pytest.mark.parametrize("file", ["stack.json", "clickhouse-users.json"])
    @pytest.mark.parametrize(
        "content", [b"", b"{", b"[]", b"{}", b'{"ports": [1]}', b'{"headrace": {"password": 5}}', b'"\xff"']
    )
    def test_a_damaged_record_is_told_in_one_line(self, file: str, content: bytes, data: Path) -> None:
        password = load_users(data)["headrace"].password
        (data / file).write_bytes(content)
        told = refusal({}, data)
        assert told.startswith(f"the record of the local stack in {data} is damaged (")
        assert password not in told

    def test_a_record_that_may_not_be_read_is_told(self, data: Path) -> None:
        (data / "stack.json").unlink()
        (data / "stack.json").mkdir()
        assert refusal({}, data) == f"the local stack in {data} cannot be read: Is a directory"
