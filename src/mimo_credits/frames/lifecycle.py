"""Lifecycles: the few commands of each account (subscribing, changes, grants, …) that usage happens between."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TypeAlias

from mimo_credits.errors import Conflict, InputError, several, shown, wrong_type
from mimo_credits.instants import to_utc
from mimo_credits.ledger import Account, Advance, Command, timeline
from mimo_credits.ledger.commands import check_id

Lifecycle: TypeAlias = Mapping[str, Iterable[Command]] | Iterable[tuple[str, Command]]
"""Commands by account, or pairs of an account and one of its commands; in any order."""


class Lifecycles:
    """What is known of each account before its usage: how it stood, and its commands in the order of `timeline`.

    With `until` each account is brought up to that instant after all else, as `Advance(until)` does: what falls due by
    then, renewals above all, happens also to an account that has no usage so late.

    Raises `InputError` for what is no account id, account or command, and `Conflict` for one id with two contents.
    """

    def __init__(
        self,
        lifecycle: Lifecycle,
        accounts: Mapping[str, Account] | None = None,
        until: datetime | None = None,
    ) -> None:
        self.until = None if until is None else to_utc(until, "until")
        self._commands: dict[str, Sequence[Command]] = {}
        self._accounts: dict[str, Account] = {}
        for name, account in _checked({} if accounts is None else accounts):
            self._accounts[name] = account
        for name, commands in _by_account(lifecycle).items():
            check_id(name, "lifecycle")
            try:
                self._commands[name] = timeline(commands)
            except InputError as error:
                raise InputError("lifecycle", f"of account {shown(name)}: {error}") from None
            except Conflict as error:
                raise Conflict(error.id, f"account {shown(name)} used it before with other content") from None

    def __iter__(self) -> Iterator[str]:
        """Every account that has commands or stood before."""
        yield from self._commands
        yield from (name for name in self._accounts if name not in self._commands)

    def __contains__(self, name: object) -> bool:
        return name in self._commands or name in self._accounts

    def __len__(self) -> int:
        return len(self._commands.keys() | self._accounts.keys())

    def commands(self, name: str) -> Sequence[Command]:
        """The account's commands in their order."""
        return self._commands.get(name, ())

    def ids(self) -> tuple[list[str], list[str]]:
        """Each command that has an id: whose it is, and the id."""
        names: list[str] = []
        ids: list[str] = []
        for name, commands in self._commands.items():
            for command in commands:
                if not isinstance(command, Advance):
                    names.append(name)
                    ids.append(command.id)
        return names, ids

    def account(self, name: str) -> Account:
        """The account as it stood before all of them."""
        return self._accounts.get(name) or _NEW


def lifecycles_of(
    lifecycle: Lifecycle | Lifecycles, accounts: Mapping[str, Account] | None, until: datetime | None
) -> Lifecycles:
    """The lifecycles, made if they are not. Raises `InputError` for what is said beside those that are."""
    if not isinstance(lifecycle, Lifecycles):
        return Lifecycles(lifecycle, accounts, until)
    for name, value in (("accounts", accounts), ("until", until)):
        if value is not None:
            raise InputError(name, "stands in the Lifecycles already: say it there")
    return lifecycle


_NEW = Account()


def _checked(accounts: object) -> Iterator[tuple[str, Account]]:
    if not isinstance(accounts, Mapping):
        needed = "accounts by their ids, such as the `accounts` of a Settlement or {'ada': Account()}"
        raise wrong_type("accounts", needed, accounts)
    for name, account in accounts.items():
        check_id(name, "accounts")
        if not isinstance(account, Account):
            raise wrong_type("accounts", f"an Account for {shown(name)}", account)
        yield name, account


def _by_account(lifecycle: object) -> Mapping[str, Iterable[Command]]:
    if isinstance(lifecycle, Mapping):
        return lifecycle
    commands: dict[str, list[Command]] = {}
    pairs: Iterable[object] = several(lifecycle, "lifecycle", "pairs of an account id and a command")  # type: ignore[arg-type]
    for pair in pairs:
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise wrong_type("lifecycle", "pairs of an account id and a command", pair)
        commands.setdefault(pair[0], []).append(pair[1])
    return commands
