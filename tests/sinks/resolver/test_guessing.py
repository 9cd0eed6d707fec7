"""Nobody guesses a code, however often he tries."""

import asyncio
import random

import pytest

from schemas.codes import ALPHABET, Code, digits, parse
from schemas.errors import CodeError
from tests.sinks.resolver.parts import FORGER, PRODUCT, RING, FakeClickHouse, Service, served

GUESSES = 1_000_000


def guess(chance: random.Random) -> Code:
    """A code of a serial that was minted, with the right key's id and a check part by chance; its symbol fits."""
    return Code(PRODUCT, chance.randrange(1_000), "A", digits(chance.getrandbits(50), 10))


def test_of_a_million_guesses_none_resolves_and_none_reaches_the_archive() -> None:
    chance = random.Random(9)

    async def ask(service: Service) -> set[str]:
        asked = len(service.clickhouse.asked)
        found = {(await service.resolver.record(guess(chance))).status for _ in range(GUESSES)}
        assert len(service.clickhouse.asked) == asked
        genuine = await service.resolver.record(RING.code(PRODUCT, 7))
        assert genuine.status == "genuine"
        return found

    assert served(ask) == {"forged"}


def test_guesses_over_http_from_many_addresses_are_all_refused_and_few_are_archived() -> None:
    chance = random.Random(10)

    async def ask(service: Service) -> dict[int, int]:
        found: dict[int, int] = {}
        for client in range(300):
            async with service.client(f"198.51.{client // 200}.{client % 200}") as http:
                for _ in range(12):
                    reply = await http.get(f"/resolve/{guess(chance)}")
                    found[reply.status_code] = found.get(reply.status_code, 0) + 1
                    if reply.status_code == 429:
                        assert int(reply.headers["retry-after"]) > 0
        assert len(service.scans.published) == found[404]
        return found

    # 600 of the prefix in a minute, and of each client the last two are not even looked at.
    assert served(ask) == {404: 600, 429: 3_000}


def test_a_good_code_resolves_while_others_guess() -> None:
    async def ask(service: Service) -> int:
        for client in range(100):
            async with service.client(f"198.51.100.{client}") as http:
                for _ in range(10):
                    await http.get(f"/resolve/{FORGER.code(PRODUCT, 7)}")
        async with service.client("203.0.113.9") as http:
            return (await http.get(f"/resolve/{RING.code(PRODUCT, 7)}")).status_code

    assert served(ask) == 200


def test_one_wrong_character_is_a_slip_and_never_a_forgery() -> None:
    text = str(RING.code(PRODUCT, 7))
    for place in range(len(PRODUCT) + 1, len(text)):
        for symbol in set(ALPHABET) - {text[place]}:
            with pytest.raises(CodeError, match="mistyped"):
                parse(text[:place] + symbol + text[place + 1 :])


def test_those_who_ask_together_share_a_look_up() -> None:
    async def ask(service: Service) -> list[tuple[str, ...]]:
        codes = [RING.code(PRODUCT, serial) for serial in range(20)] * 2
        await asyncio.gather(*(service.resolver.record(code) for code in codes))
        return service.clickhouse.looked_up

    looked_up = served(ask, FakeClickHouse())
    assert len(looked_up) == 1
    assert sorted(looked_up[0]) == sorted(str(RING.code(PRODUCT, serial)) for serial in range(20))
