"""What is said of a code: the one function behind every route."""

from collections.abc import Callable
from typing import Final

from schemas.codes import Code
from schemas.errors import SinkError, SinkUnavailable
from sinks.resolver.enterprises import Enterprise, Enterprises
from sinks.resolver.facts import Facts, FactsOfItems
from sinks.resolver.following import Following
from sinks.resolver.reading import Reading
from sinks.resolver.record import Maker, Record, Status, Voiding, Warranty, at
from sinks.resolver.register import Register

_UNKNOWN: Final = Facts()


class Resolver:
    """Answers from memory whether a code is genuine, and from the archive what became of its item."""

    def __init__(
        self,
        verify: Callable[[Code], bool],
        enterprises: Enterprises,
        register: Register,
        reading: Reading,
        following: Following,
        facts: FactsOfItems,
        clock: Callable[[], float],
    ) -> None:
        """`verify` says whether a code was made with one of the keys; `clock` gives seconds since the epoch."""
        self._verify = verify
        self._enterprises = enterprises
        self._register = register
        self._reading = reading
        self._following = following
        self._facts = facts
        self._clock = clock

    def enterprise_of(self, code: Code) -> Enterprise | None:
        """Whose prefix a code has."""
        return self._enterprises.of(code.product)

    async def record(self, code: Code) -> Record:
        """What may be told of a code. SinkError where nothing is known of it and ClickHouse cannot be asked."""
        text, enterprise = str(code), self.enterprise_of(code)
        if not self._verify(code):  # before anything is looked up: a guess costs nobody anything
            return _record(text, code, "forged", enterprise)
        if not self._reading.known:  # it may be void
            raise SinkUnavailable("what is minted and void is not known yet", 1.0)
        minted = await self._reading.minted(code.product, code.serial) if enterprise else None
        if minted is None or minted[1] != code.key:
            return _record(text, code, "unknown", enterprise)
        try:
            facts, reached = self._following.facts(code.product, code.serial) or await self._facts.of(text), True
        except SinkError:
            facts, reached = _UNKNOWN, False
        reached &= self._reading.is_fresh
        void = self._register.voided(code.product, code.serial)
        status: Status = "void" if void else "recalled" if facts.recalled_at is not None else "genuine"
        return Record(
            code=text,
            status=status,
            product=code.product,
            enterprise=_maker(enterprise),
            minted_at=at(minted[0]),
            made_at=at(facts.made_at),
            disposition=facts.disposition,
            recalled_at=at(facts.recalled_at),
            void=Voiding(since=at(void[0]), reason=void[1]) if void else None,
            warranty=self._warranty(facts, enterprise) if reached and not void else None,
            archive="available" if reached else "unavailable",
        )

    def _warranty(self, facts: Facts, enterprise: Enterprise | None) -> Warranty:
        """Where nobody has sold or scanned the item before, this scan begins it."""
        since = facts.warranty_since
        since = int(self._clock() * 1000) if since is None else since
        length = enterprise.warranty_ms if enterprise else None
        return Warranty(since=at(since), until=None if length is None else at(since + length))


def _record(text: str, code: Code, status: Status, enterprise: Enterprise | None) -> Record:
    return Record(code=text, status=status, product=code.product, enterprise=_maker(enterprise))


def _maker(enterprise: Enterprise | None) -> Maker | None:
    return Maker(enterprise.prefix, enterprise.name) if enterprise else None
