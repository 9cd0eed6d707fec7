"""The first contact with the brokers. The clients try again and again and say why only in their logs; this tells it."""

import asyncio
import ssl
from typing import Any, Final

from aiokafka.conn import create_conn
from aiokafka.errors import KafkaError, SaslAuthenticationFailed, UnsupportedSaslMechanismError

from schemas.errors import UserError
from streams.settings import Address

_PATIENCE_MS: Final = 5_000
_GOODBYE_SECONDS: Final = 0.05
"""asyncio closes a connection with TLS over several turns of its loop."""


async def answering(options: dict[str, Any]) -> list[str]:
    """Those of the bootstrap servers where a broker is, perhaps not ready yet; `options` are Settings.client_options().

    UserError where there is none, or where all refuse the certificate, the mechanism or the log-in.
    """
    servers: list[str] = options["bootstrap_servers"]
    login = {name: value for name, value in options.items() if name != "bootstrap_servers"}
    answers = await asyncio.gather(*(_try(server, login) for server in servers), return_exceptions=True)
    await asyncio.sleep(_GOODBYE_SECONDS)
    found = [server for server, answer in zip(servers, answers, strict=True) if answer is None]
    if found:
        return found
    for answer in answers:
        if isinstance(answer, UserError):
            raise answer
    raise UserError(
        f"no Kafka broker answers at {','.join(servers)}; start one with `headrace up` or set HEADRACE_KAFKA"
    )


async def _try(server: str, login: dict[str, Any]) -> None:
    """Log in. UserError for what a person has to mend, OSError or TimeoutError where nobody is.

    What may pass is not raised: a broker that is starting answers the clients, which try again, a moment later.
    """
    address = Address.parse(server)
    try:
        connection = await create_conn(address.host.strip("[]"), address.port, request_timeout_ms=_PATIENCE_MS, **login)
        connection.close()
    except ssl.SSLCertVerificationError as error:
        raise UserError(
            f"the certificate of Kafka at {server} is not trusted ({error.verify_message}): "
            "HEADRACE_KAFKA_SSL_CAFILE names the certificates of its authority"
        ) from None
    except SaslAuthenticationFailed as error:
        reason = str(error).partition("SaslAuthenticationFailed: ")[2] or error
        raise UserError(f"Kafka at {server} refuses the log-in of {login['sasl_plain_username']}: {reason}") from None
    except UnsupportedSaslMechanismError:
        raise UserError(
            f"Kafka at {server} does not offer {login['sasl_mechanism']}: see HEADRACE_KAFKA_SASL_MECHANISM"
        ) from None
    except (KafkaError, ValueError, ssl.SSLError):
        return
