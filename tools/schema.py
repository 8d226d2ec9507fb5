"""`rates/schema.json`: the shape of a rate card as JSON Schema, for editors and readers in other languages.

The rule: it is generated from the models and never edited by hand; `--check` fails where the two differ.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from mimo_credits.card import schema

PATH = Path(__file__).resolve().parent.parent / "rates" / "schema.json"


def rendered() -> str:
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.schema", description="Writes rates/schema.json.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if the file would change")
    parser.add_argument("--path", type=Path, default=PATH, help="the file (default: rates/schema.json)")
    options = parser.parse_args(arguments)
    path: Path = options.path
    if not options.check:
        path.write_text(rendered(), encoding="utf-8", newline="\n")
    elif not path.exists() or path.read_text(encoding="utf-8") != rendered():
        print(f"{path.name} is not what the models say: run `make schema`", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
