"""What the verbs that run until they are told to stop share: their log, and a look at the port of their metrics."""

import logging
import socket
import sys

import click
import structlog

from schemas.errors import UserError
from streams.settings import Address

log_level_option = click.option(
    "--log-level", type=click.Choice(("debug", "info", "warning", "error")), default="info", show_default=True
)


def check_free(address: Address, what: str = "metrics", option: str = "--metrics") -> None:
    """Refuse to start where `what` cannot be served; `option` chooses another address."""
    try:
        with socket.create_server((address.host, address.port)):
            pass
    except OSError as error:
        raise UserError(f"cannot serve {what} at {address}: {error.strerror}; choose another with {option}") from None


def set_up_logging(level: str) -> None:
    """One line of key=value pairs per event, also for the libraries' own records."""
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"]),
            ],
            foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *shared],
        )
    )
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for noisy in ("aiokafka", "kafka", "faust", "mode", "aiohttp", "httpx", "httpcore"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, logging.getLevelName(level.upper())))
    logging.getLogger("kafka.net.selector").setLevel(logging.ERROR)  # it warns of each turn that a busy machine delays
