"""The teams' plans: `python plans.py buy TEAM TIER`, and `python plans.py show TEAM`."""

import argparse
import sys
from datetime import UTC, datetime

from shared_plan import book, engine

from mimo_credits import Subscribe
from mimo_credits.errors import MimoCreditsError
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


def main(arguments: list[str] | None = None) -> None:
    """Opens a team's plan, or shows it; ends with 2 and a line where that cannot be done."""
    parser = argparse.ArgumentParser(prog="plans.py", description=main.__doc__)
    commands = parser.add_subparsers(required=True, metavar="buy|show")
    for run in (buy, show):
        command = commands.add_parser(run.__name__, help=run.__doc__)
        command.add_argument("team")
        command.set_defaults(run=run)
        if run is buy:
            command.add_argument("tier")
    asked = vars(parser.parse_args(arguments))
    run = asked.pop("run")
    try:
        run(**asked)
    except MimoCreditsError as error:
        print(f"plans.py: {error}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
