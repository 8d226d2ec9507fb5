"""`python -m mimo_credits`: the command line."""

import sys

from mimo_credits.cli import main

if __name__ == "__main__":
    sys.exit(main())
