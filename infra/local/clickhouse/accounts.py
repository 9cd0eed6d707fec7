"""Who may connect: accounts from a JSON file, `{"name": {"password": "…", "readonly": 0, "enterprise": ""}}`."""

import hmac
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

import msgspec

from infra.local.clickhouse.errors import Code, ServerError, StartError
from schemas.codes import is_prefix


class Account(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A password, and 2 for an account that may query and change settings but write nothing.

    One of an enterprise, named by its prefix, sees the rows of that enterprise alone, writes nothing and sets nothing.
    """

    password: str
    readonly: Literal[0, 2] = 0
    enterprise: str = ""

    def __post_init__(self) -> None:
        if self.enterprise and not is_prefix(self.enterprise):
            raise ValueError("enterprise is no prefix such as 88.118.8")

    def __repr__(self) -> str:
        return f"Account(readonly={self.readonly}, enterprise={self.enterprise!r})"


@dataclass(frozen=True)
class Accounts:
    """The accounts by name."""

    by_name: dict[str, Account]

    @classmethod
    def load(cls, path: Path) -> Self:
        """Reads the file. Raises StartError if it cannot be read, is malformed or names nobody."""
        try:
            accounts = cls(msgspec.json.decode(path.read_bytes(), type=dict[str, Account]))
        except OSError as error:
            raise StartError(f"cannot read the accounts in {path}: {error.strerror}") from None
        except msgspec.DecodeError as error:
            raise StartError(f"the accounts in {path} are malformed: {error}") from None
        if not accounts.by_name:
            raise StartError(f"there are no accounts in {path}")
        return accounts

    @property
    def tenants(self) -> bool:
        """Whether some are of enterprises."""
        return any(account.enterprise for account in self.by_name.values())

    def authenticate(self, name: str, password: str) -> Account:
        """The account. Raises ServerError 516, the same for an unknown name and for a wrong password."""
        account = self.by_name.get(name)
        expected = account.password if account else ""
        equal = hmac.compare_digest(_encode(expected), _encode(password))
        if account is None or not equal:
            raise ServerError(
                Code.AUTHENTICATION_FAILED,
                f"{name}: Authentication failed: password is incorrect, or there is no user with such name.",
            )
        return account


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
