"""The teams' plans: `python plans.py buy TEAM TIER`, and `python plans.py show TEAM`."""

import sys
from datetime import UTC, datetime

from shared_plan import book, engine

from mimo_credits import Subscribe
from mimo_credits.sql import migrate, open_ledger


def buy(team: str, tier: str) -> None:
    """Opens the plan now, at the list price."""
    with engine.begin() as connection:
        migrate(connection)
        plan = Subscribe(f"plan of {team}", datetime.now(UTC), tier, first_purchase=False)
        open_ledger(connection, book).apply(team, plan)


def show(team: str) -> None:
    """What is left, what is held just now, what was used, and whether the books are right."""
    with engine.connect().execution_options(reads_only=True) as connection:
        ledger = open_ledger(connection, book)
        account, problems = ledger.account(team), ledger.verify(team)
    print(f"left {account.remaining:,}, in {len(account.holds)} holds, used {account.pots.spent // 1000:,}")
    print(f"overage {-account.pots.overage // 1000:,}, problems: {[str(problem) for problem in problems]}")


if __name__ == "__main__":
    {"buy": buy, "show": show}[sys.argv[1]](*sys.argv[2:])
